//! One request to a mirror, and its answer into a file.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use ureq::http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use ureq::http::{Response, StatusCode, Uri};
use ureq::{Agent, Body, Timeout};

use super::{MirrorError, Options};

/// Fewer bytes a second than these, for as long as nothing at all may come, are a stall.
const LEAST_RATE: f64 = 256.0;

pub(super) struct Client {
    agent: Agent,
    connect: Duration,
    stall: Duration,
}

/// A mirror's answer that has (the rest of) the file.
pub(super) struct Answer {
    body: Body,
    /// Where in the file it begins: 0, or where the part ends that is there.
    pub(super) start: u64,
    /// The file's length, if the mirror says it.
    pub(super) total: Option<u64>,
}

/// How an answer ended.
pub(super) enum End {
    Whole,
    Cut(MirrorError),
    TooLarge(MirrorError),
}

impl Client {
    pub(super) fn new(options: &Options) -> Self {
        let stall = Some(options.stall_timeout);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_resolve(Some(options.connect_timeout))
            .timeout_connect(Some(options.connect_timeout))
            .timeout_send_request(stall)
            .timeout_recv_response(stall)
            .timeout_per_read(stall)
            // What a server sends beyond an answer's length is never taken for the next answer.
            .max_idle_connections(0)
            .user_agent(concat!("rnn-data/", env!("CARGO_PKG_VERSION")))
            .build();
        Self {
            agent: config.new_agent(),
            connect: options.connect_timeout,
            stall: options.stall_timeout,
        }
    }

    /// Asks for what follows the first `have` bytes of a file that has at most `limit`.
    pub(super) fn get(&self, url: &str, have: u64, limit: u64) -> Result<Answer, MirrorError> {
        if !["http://", "https://"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
        {
            return Err(MirrorError::Connection {
                reason: "expected a URL that begins with http:// or https://".to_owned(),
            });
        }
        // Compressed for the way, a file would have other bytes, and other offsets.
        let mut request = self.agent.get(url).header("Accept-Encoding", "identity");
        if is_this_machine(url) {
            request = request.config().proxy(None).build();
        }
        if have > 0 {
            request = request.header("Range", format!("bytes={have}-"));
        }
        let response = request.call().map_err(|error| match error {
            // A certificate that is not trusted, or no TLS at all: that stays so.
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                MirrorError::Connection {
                    reason: error.to_string(),
                }
            }
            error => self.explain(error, have, None),
        })?;
        let (start, total) = match response.status() {
            StatusCode::OK => (0, number(header(&response, CONTENT_LENGTH.as_str()))),
            StatusCode::PARTIAL_CONTENT => {
                let range = header(&response, CONTENT_RANGE.as_str());
                let total = parse_range(range, have).ok_or_else(|| MirrorError::Range {
                    expected: have,
                    found: format!("Content-Range {range:?}"),
                })?;
                (have, total)
            }
            StatusCode::RANGE_NOT_SATISFIABLE if have > 0 => {
                return Err(MirrorError::Range {
                    expected: have,
                    found: "status 416 Range Not Satisfiable".to_owned(),
                });
            }
            status => {
                return Err(MirrorError::Status {
                    status: status.as_u16(),
                    reason: status.canonical_reason().unwrap_or("(unknown)"),
                });
            }
        };
        if header(&response, CONTENT_TYPE.as_str()).starts_with("text/html") {
            return Err(MirrorError::Html);
        }
        match total {
            Some(found) if found > limit => Err(MirrorError::TooLarge { limit, found }),
            _ => Ok(Answer {
                body: response.into_body(),
                start,
                total,
            }),
        }
    }

    /// Writes an answer to the end of the part it continues, or over what is there, until the file has
    /// `limit` bytes. `tell` is called with its length.
    pub(super) fn save(
        &self,
        answer: Answer,
        path: &Path,
        limit: u64,
        tell: &mut dyn FnMut(u64),
    ) -> io::Result<End> {
        let Answer { body, start, total } = answer;
        let mut options = File::options();
        if start > 0 {
            options.append(true);
        } else {
            options.write(true).create(true).truncate(true);
        }
        let mut file = options.open(path)?;
        let mut body = body.into_reader();
        let mut chunk = vec![0; 64 * 1024];
        let mut received = start;
        // What came in the time after which nothing would count as a stall.
        let mut window = (Instant::now(), received);
        tell(received);
        loop {
            match body.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => {
                    let found = received.saturating_add(count as u64);
                    if found > limit {
                        return Ok(End::TooLarge(MirrorError::TooLarge { limit, found }));
                    }
                    file.write_all(&chunk[..count])?;
                    received = found;
                    tell(received);
                    let elapsed = window.0.elapsed();
                    if elapsed >= self.stall {
                        let least = LEAST_RATE * elapsed.as_secs_f64();
                        if ((received - window.1) as f64) < least {
                            return Ok(End::Cut(MirrorError::Slow {
                                after: self.stall,
                                received,
                            }));
                        }
                        window = (Instant::now(), received);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    return Ok(End::Cut(self.explain(error.into(), received, total)));
                }
            }
        }
        Ok(match total {
            // The mirror sends a large file in parts.
            Some(total_bytes) if received < total_bytes => End::Cut(MirrorError::Cut {
                received,
                total,
                reason: "the answer ends there".to_owned(),
            }),
            _ => End::Whole,
        })
    }

    fn explain(&self, error: ureq::Error, received: u64, total: Option<u64>) -> MirrorError {
        let connection = |reason: String| MirrorError::Connection { reason };
        match error {
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
                let seconds = self.connect.as_secs_f32();
                connection(format!("none within {seconds} s"))
            }
            ureq::Error::Timeout(_) => MirrorError::Stalled {
                after: self.stall,
                received,
            },
            ureq::Error::Io(error) if is_cut(error.kind()) => MirrorError::Cut {
                received,
                total,
                reason: error.to_string(),
            },
            ureq::Error::Protocol(error) => MirrorError::Cut {
                received,
                total,
                reason: error.to_string(),
            },
            ureq::Error::Io(error) => connection(error.to_string()),
            error => connection(error.to_string()),
        }
    }
}

/// Whether a connection that was there has ended.
fn is_cut(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, InvalidData, UnexpectedEof,
    };
    matches!(
        kind,
        BrokenPipe | ConnectionAborted | ConnectionReset | InvalidData | UnexpectedEof
    )
}

/// The value of a header, empty if there is none.
fn header<'a>(response: &'a Response<Body>, name: &str) -> &'a str {
    let value = response.headers().get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// The file's length, if there is one, of `bytes START-END/LENGTH` that begins at `start`.
fn parse_range(range: &str, start: u64) -> Option<Option<u64>> {
    let (span, total) = range.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = span.split_once('-')?;
    let (first, last) = (number(first)?, number(last)?);
    let total = if total == "*" {
        None
    } else {
        Some(number(total)?)
    };
    let fits =
        first == start && start > 0 && last >= first && total.is_none_or(|total| last < total);
    fits.then_some(total)
}

/// Whether a URL is of this machine, which is asked without a proxy.
fn is_this_machine(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else {
        return false;
    };
    let host = uri.host().unwrap_or_default();
    host == "localhost" || host == "[::1]" || host.starts_with("127.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!(parse_range("bytes 5-9/10", 5), Some(Some(10)));
        assert_eq!(parse_range("bytes 5-9/*", 5), Some(None));
        for wrong in [
            "",
            "bytes",
            "bytes */10",
            "bytes 4-9/10",
            "bytes 5-4/10",
            "bytes 5-10/10",
            "bytes 5-9/99999999999999999999",
            "items 5-9/10",
        ] {
            assert_eq!(parse_range(wrong, 5), None, "{wrong}");
        }
        // Nothing was asked for from there on.
        assert_eq!(parse_range("bytes 0-9/10", 0), None);
    }

    #[test]
    fn this_machine() {
        for url in [
            "http://localhost:80/a",
            "http://127.0.0.1/a",
            "http://[::1]:8/a",
        ] {
            assert!(is_this_machine(url), "{url}");
        }
        for url in [
            "https://data.example.org/127.",
            "http://localhost.example.org/",
            "",
            "::",
        ] {
            assert!(!is_this_machine(url), "{url}");
        }
    }
}
