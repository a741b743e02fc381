//! Everything about a run on one page, which loads nothing and runs nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Curve, Mistakes, Report, xml_safe};

const STYLE: &str = include_str!("page.css");

/// The content security policy: a browser loads nothing from elsewhere and runs no scripts.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

impl Report {
    /// The page as one self-contained HTML file.
    pub fn html(&self) -> anyhow::Result<String> {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta http-equiv="Content-Security-Policy" content=(POLICY);
                    title { (self.title) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    h1 { (self.title) }
                    (pairs("results", "Results", &self.results))
                    (self.curves()?)
                    (self.confusion()?)
                    @if let Some(mistakes) = &self.mistakes {
                        section id="mistakes" {
                            h2 { "Mistakes" }
                            (mistakes_figure(mistakes))
                        }
                    }
                    (pairs("settings", "Settings", &self.settings))
                }
            }
        };
        Ok(xml_safe(&page.into_string()))
    }

    fn curves(&self) -> anyhow::Result<Markup> {
        if self.curves.is_empty() {
            return Ok(html! {});
        }
        let svg = |curve: &Curve| curve.svg(self.best);
        let pictures: Vec<String> = self.curves.iter().map(svg).collect::<Result<_, _>>()?;
        Ok(html! {
            section id="curves" {
                h2 { "Training" }
                @if let (Some(best), Some(curve)) = (self.best, self.curves.first()) {
                    p { "The best " (curve.x.unit()) " was " (best) "." }
                }
                @for (curve, picture) in self.curves.iter().zip(&pictures) {
                    figure {
                        div.picture.curve { (PreEscaped(picture)) }
                        figcaption { (curve.summary()) }
                    }
                }
            }
        })
    }

    fn confusion(&self) -> anyhow::Result<Markup> {
        let Some(confusion) = &self.confusion else {
            return Ok(html! {});
        };
        let picture = confusion.svg()?;
        Ok(html! {
            section id="confusion" {
                h2 { "Confusion" }
                figure {
                    div.picture { (PreEscaped(picture)) }
                    figcaption { (confusion.summary()) }
                }
            }
        })
    }
}

/// A section of names and values; nothing if there are none.
fn pairs(id: &str, heading: &str, pairs: &[(String, String)]) -> Markup {
    html! {
        @if !pairs.is_empty() {
            section id=(id) {
                h2 { (heading) }
                table {
                    @for (name, value) in pairs {
                        tr {
                            th scope="row" { (name) }
                            td { (value) }
                        }
                    }
                }
            }
        }
    }
}

fn mistakes_figure(mistakes: &Mistakes) -> Markup {
    match mistakes {
        Mistakes::Picture { png, caption } => html! {
            figure {
                div.picture {
                    img alt="Examples that went wrong"
                        src={ "data:image/png;base64," (STANDARD.encode(png)) };
                }
                figcaption { (caption) }
            }
        },
        Mistakes::Table {
            header,
            rows,
            caption,
        } => html! {
            figure {
                figcaption { (caption) }
                div.rows {
                    table {
                        thead {
                            tr {
                                @for name in header { th scope="col" { (name) } }
                            }
                        }
                        tbody {
                            @for row in rows {
                                tr {
                                    @for cell in row { td { (cell) } }
                                }
                            }
                        }
                    }
                }
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_well_formed;
    use super::super::{Confusion, Level, Series, XAxis};
    use super::*;

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    fn report() -> Report {
        let curve = |title: &str, unit: &str| Curve {
            title: title.to_owned(),
            unit: unit.to_owned(),
            x: XAxis::Epochs,
            level: None,
            series: vec![Series {
                name: "training".to_owned(),
                points: vec![(1.0, 2.0), (2.0, 1.0)],
            }],
        };
        Report {
            title: "A run".to_owned(),
            results: vec![pair("test accuracy", "98.76 %")],
            settings: vec![pair("hidden size", "128")],
            curves: vec![curve("Loss", "nats"), curve("Accuracy", "%")],
            best: Some(2),
            confusion: Some(Confusion {
                classes: vec!["cat".to_owned(), "dog".to_owned()],
                counts: vec![vec![5, 1], vec![2, 7]],
            }),
            mistakes: Some(Mistakes::Picture {
                png: vec![0x89, b'P', b'N', b'G'],
                caption: "The worst".to_owned(),
            }),
        }
    }

    fn html(report: &Report) -> String {
        let html = report.html().expect("a page");
        let elements = html.strip_prefix("<!DOCTYPE html>").expect("HTML");
        assert_well_formed(elements, &["meta", "img"]);
        html
    }

    #[test]
    fn each_part_occurs_once() {
        let html = html(&report());
        for part in [
            "<title>A run</title>",
            "<h1>A run</h1>",
            "id=\"results\"",
            "<th scope=\"row\">test accuracy</th><td>98.76 %</td>",
            "id=\"curves\"",
            "The best epoch was 2.",
            "aria-label=\"Loss in nats over epochs\"",
            "aria-label=\"Accuracy in % over epochs\"",
            "id=\"confusion\"",
            "aria-label=\"Confusion of 2 classes",
            "12 of 15 right (80.0 %)",
            "id=\"mistakes\"",
            "src=\"data:image/png;base64,iVBORw==\"",
            "<figcaption>The worst</figcaption>",
            "id=\"settings\"",
            "<th scope=\"row\">hidden size</th><td>128</td>",
        ] {
            assert_eq!(html.matches(part).count(), 1, "{part}");
        }
        assert_eq!(html.matches("<svg").count(), 3);
        for element in ["<figure>", "<figcaption>"] {
            assert_eq!(html.matches(element).count(), 4, "{element}");
        }
    }

    #[test]
    fn curves_may_be_over_steps() {
        let mut report = report();
        for curve in &mut report.curves {
            curve.x = XAxis::Steps;
        }
        report.best = Some(1);
        let html = html(&report);
        for part in [
            "The best step was 1.",
            "aria-label=\"Loss in nats over steps\"",
        ] {
            assert_eq!(html.matches(part).count(), 1, "{part}");
        }
        assert!(!html.contains("epoch"));
    }

    #[test]
    fn empty_parts_are_left_out() {
        let html = html(&Report {
            title: "Nothing".to_owned(),
            results: Vec::new(),
            settings: Vec::new(),
            curves: Vec::new(),
            best: Some(1),
            confusion: None,
            mistakes: None,
        });
        assert!(!html.contains("<section") && !html.contains("<h2"));
    }

    #[test]
    fn nothing_is_loaded_and_nothing_runs() {
        let html = html(&report());
        let plain = html.replace("http://www.w3.org/2000/svg", "");
        for outside in ["<script", "<link", "http:", "https:", "url(", "@import"] {
            assert!(!plain.contains(outside), "{outside}");
        }
        assert!(!STYLE.contains('<'));
    }

    #[test]
    fn mistakes_may_be_words() {
        let mut report = report();
        report.mistakes = Some(Mistakes::Table {
            header: vec!["word".to_owned(), "truth".to_owned()],
            rows: vec![vec!["run".to_owned(), "VERB".to_owned()]],
            caption: "The worst".to_owned(),
        });
        let html = html(&report);
        assert!(html.contains("<th scope=\"col\">word</th><th scope=\"col\">truth</th>"));
        assert!(html.contains("<td>run</td><td>VERB</td>"));
        assert!(!html.contains("<img"));
    }

    #[test]
    fn all_that_comes_from_outside_is_escaped() {
        const EVIL: &str = "</td></svg><script>\"'&\u{1b}";
        let evil = || EVIL.to_owned();
        let mut report = Report {
            title: evil(),
            results: vec![(evil(), evil())],
            settings: vec![(evil(), evil())],
            curves: vec![Curve {
                title: evil(),
                unit: evil(),
                x: XAxis::Steps,
                level: Some(Level {
                    name: evil(),
                    value: 1.0,
                }),
                series: vec![Series {
                    name: evil(),
                    points: vec![(1.0, 1.0)],
                }],
            }],
            best: None,
            confusion: Some(Confusion {
                classes: vec![evil(), evil()],
                counts: vec![vec![1; 2]; 2],
            }),
            mistakes: Some(Mistakes::Table {
                header: vec![evil()],
                rows: vec![vec![evil()]],
                caption: evil(),
            }),
        };
        assert!(!html(&report).contains("<script"));
        report.mistakes = Some(Mistakes::Picture {
            png: Vec::new(),
            caption: evil(),
        });
        assert!(!html(&report).contains("<script"));
    }
}
