use super::super::XAxis;
use super::super::tests::assert_well_formed;
use super::*;

fn curve(series: &[(&str, &[(f64, f64)])]) -> Curve {
    let series = series.iter().map(|(name, points)| Series {
        name: (*name).to_owned(),
        points: points.to_vec(),
    });
    Curve {
        title: "Loss".to_owned(),
        unit: "nats".to_owned(),
        x: XAxis::Epochs,
        level: None,
        series: series.collect(),
    }
}

fn svg(curve: &Curve, best: Option<usize>) -> String {
    let svg = curve.svg(best).expect("a picture");
    assert_well_formed(&svg, &[]);
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    assert!(!svg.contains("NaN") && !svg.contains("inf\""));
    svg
}

/// The positions of the markers of the only series, without the legend's.
fn markers(svg: &str) -> Vec<(i32, i32)> {
    let of = |tag: &str, name: &str| -> i32 {
        let (_, value) = tag.split_once(&format!(" {name}=\"")).expect("a value");
        let (value, _) = value.split_once('"').expect("an end");
        value.parse().expect("a number")
    };
    let tags = svg.split('<').filter(|tag| tag.starts_with("circle"));
    tags.map(|tag| (of(tag, "cx"), of(tag, "cy")))
        .skip(1)
        .collect()
}

#[test]
fn a_picture_says_what_is_in_it() {
    let train = [(1.0, 2.3), (2.0, 1.1), (3.0, 0.4)];
    let valid = [(1.0, 1.9), (2.0, 1.2), (3.0, 0.9)];
    let curve = curve(&[("training", &train), ("validation", &valid)]);
    let svg = svg(&curve, None);
    for text in ["Loss", "nats", "epoch", "training", "validation"] {
        assert_eq!(svg.matches(&format!(">\n{text}\n<")).count(), 1, "{text}");
    }
    assert!(svg.contains("aria-label=\"Loss in nats over epochs\""));
    // Three points and one in the legend each.
    assert_eq!(svg.matches("<circle").count(), 8);
    assert!(svg.contains("#0072B2") && svg.contains("#D55E00"));
    assert_eq!(
        curve.summary(),
        "Loss in nats over epochs: training 2.300 → 0.4000, validation 1.900 → 0.9000"
    );
}

#[test]
fn a_level_is_drawn_across_a_picture_over_steps() {
    let mut curve = curve(&[("training", &[(500.0, 2.0), (1000.0, 1.5)])]);
    let without = svg(&curve, None);
    curve.x = XAxis::Steps;
    curve.level = Some(Level {
        name: "chance level (ln 65)".to_owned(),
        value: 65_f64.ln(),
    });
    let with = svg(&curve, Some(1000));
    for text in ["step", "best step (1000)", "chance level (ln 65) 4.174"] {
        assert_eq!(with.matches(&format!(">\n{text}\n<")).count(), 1, "{text}");
    }
    assert!(with.contains("#AA4499") && !without.contains("#AA4499"));
    assert_eq!(
        curve.summary(),
        "Loss in nats over steps: training 2.000 → 1.500, chance level (ln 65) 4.174"
    );
    // The level is within the picture, above all values.
    let [first, _] = markers(&with)[..] else {
        panic!("not two markers");
    };
    assert!(first.1 > markers(&without)[0].1);
    curve.level = Some(Level {
        name: "none".to_owned(),
        value: f64::NAN,
    });
    assert!(!svg(&curve, None).contains("#AA4499"));
}

#[test]
fn one_epoch_is_in_the_middle() {
    let curve = curve(&[("training", &[(1.0, 0.5)])]);
    let svg = svg(&curve, Some(1));
    let [(x, _)] = markers(&svg)[..] else {
        panic!("not one marker");
    };
    assert!((px(WIDTH / 3)..px(2 * WIDTH / 3)).contains(&x), "{x}");
    assert_eq!(svg.matches(">\n1\n<").count(), 1);
    assert!(svg.contains("best epoch (1)"));
    assert_eq!(curve.summary(), "Loss in nats over epochs: training 0.5000");
}

#[test]
fn constant_values_are_a_level_line() {
    for value in [0.0, 0.25, -7.0, 1e90] {
        let curve = curve(&[("training", &[(1.0, value), (2.0, value), (3.0, value)])]);
        let markers = markers(&svg(&curve, None));
        assert_eq!(markers.len(), 3);
        assert!(markers.iter().all(|marker| marker.1 == markers[0].1));
    }
}

#[test]
fn values_that_are_not_finite_are_left_out() {
    let points = [
        (1.0, 0.5),
        (2.0, f64::NAN),
        (3.0, f64::INFINITY),
        (f64::NAN, 0.1),
        (5.0, f64::NEG_INFINITY),
        (6.0, f64::MAX),
        (7.0, 0.25),
    ];
    let curve = curve(&[("training", &points)]);
    let svg = svg(&curve, None);
    assert_eq!(markers(&svg).len(), 2);
    assert!(svg.contains("training (5 not finite)"));
}

#[test]
fn a_series_may_be_empty() {
    let some = svg(&curve(&[("training", &[(1.0, 0.5)]), ("test", &[])]), None);
    assert!(some.contains("test (no values)"));
    for curve in [curve(&[("test", &[(1.0, f64::NAN)])]), curve(&[])] {
        assert!(svg(&curve, Some(1)).contains(">\nno values\n<"));
    }
}

#[test]
fn thousands_of_epochs_have_no_markers() {
    let points: Vec<_> = (1..=5000)
        .map(|i| (f64::from(i), 1.0 / f64::from(i)))
        .collect();
    let svg = svg(&curve(&[("training", &points)]), Some(4321));
    assert_eq!(markers(&svg), []);
    assert!(svg.len() < 100_000, "{}", svg.len());
}

#[test]
fn a_best_epoch_out_of_reach_is_not_marked() {
    let curve = curve(&[("training", &[(2.0, 0.5), (5.0, 0.4)])]);
    for (best, marked) in [(1, false), (2, true), (4, true), (5, true), (6, false)] {
        let svg = svg(&curve, Some(best));
        assert_eq!(svg.contains("best epoch"), marked, "{best}");
    }
    assert!(!curve.svg(None).expect("a picture").contains("best epoch"));
}

#[test]
fn names_are_escaped_and_shortened() {
    let mut curve = curve(&[("<unk> & \"so\" on\0", &[(1.0, 0.5)])]);
    curve.title = "</svg><script>'".to_owned();
    curve.unit = "<b>".to_owned();
    curve.series.push(Series {
        name: "x".repeat(100),
        points: Vec::new(),
    });
    let svg = svg(&curve, None);
    assert!(!svg.contains("<unk>") && !svg.contains("<script>") && !svg.contains("<b>"));
    assert!(svg.contains("&lt;unk&gt; &amp; &quot;so&quot; on�"));
    assert!(svg.contains("x… (no values)"));
    assert!(!svg.contains(&"x".repeat(90)));
}

#[test]
fn a_legend_takes_as_many_rows_as_it_needs() {
    let names: Vec<String> = (0..9).map(|i| format!("series number {i}")).collect();
    let places = legend_positions(&names);
    assert_eq!(places[0], (0, MARGIN));
    assert_eq!(places[8].0, 2);
    assert!(places.is_sorted());
}

#[test]
fn numbers_have_four_digits() {
    for (value, text) in [
        (0.0, "0"),
        (2.3027, "2.303"),
        (97.531, "97.53"),
        (0.031251, "0.03125"),
        (-12345.6, "-12346"),
        (1e-7, "1.00e-7"),
        (2.5e30, "2.50e30"),
    ] {
        assert_eq!(four_digits(value), text);
    }
}
