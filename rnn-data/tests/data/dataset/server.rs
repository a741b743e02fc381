//! A server on loopback that answers as it is told, misbehaviour included, and a dataset on it.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rnn_data::dataset::{
    Compression, Dataset, FetchError, MirrorError, Options, Progress, RemoteFile,
};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// A request, as far as the tests look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub path: String,
    /// `N` of `Range: bytes=N-`.
    pub from: Option<usize>,
}

/// An answer, byte for byte.
pub struct Reply {
    pub head: String,
    pub body: Vec<u8>,
    pub then: Then,
}

/// What comes after it.
pub enum Then {
    Close,
    /// Nothing, and the connection stays.
    Stall,
    /// The body again and again.
    Repeat,
    /// A zero now and then.
    Drip,
}

impl Reply {
    pub fn new(status: &str, headers: &[&str], body: &[u8]) -> Self {
        let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        Self {
            head: format!("HTTP/1.1 {status}\r\n{headers}\r\n"),
            body: body.to_vec(),
            then: Then::Close,
        }
    }

    /// As a server answers that is in order: all of it, or what was asked for.
    pub fn honest(request: &Request, body: &[u8]) -> Self {
        match request.from {
            None => Self::lying(body, body.len()),
            Some(from) if from >= body.len() => {
                let range = format!("Content-Range: bytes */{}", body.len());
                Self::new(
                    "416 Range Not Satisfiable",
                    &[&range, "Content-Length: 0"],
                    b"",
                )
            }
            Some(from) => {
                let (last, total) = (body.len() - 1, body.len());
                let range = format!("Content-Range: bytes {from}-{last}/{total}");
                let length = format!("Content-Length: {}", total - from);
                Self::new("206 Partial Content", &[&range, &length], &body[from..])
            }
        }
    }

    /// All of it, under a length that may be another.
    pub fn lying(body: &[u8], length: impl std::fmt::Display) -> Self {
        Self::new("200 OK", &[&format!("Content-Length: {length}")], body)
    }

    /// The connection ends after so many bytes of the body.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.body.truncate(bytes);
        self
    }

    pub fn then(self, then: Then) -> Self {
        Self { then, ..self }
    }

    fn send(&self, stream: &mut TcpStream) -> io::Result<()> {
        stream.write_all(self.head.as_bytes())?;
        stream.write_all(&self.body)?;
        match self.then {
            Then::Close => Ok(()),
            // Until the client has had enough.
            Then::Stall => stream.read(&mut [0]).map(|_| ()),
            Then::Repeat => loop {
                stream.write_all(&self.body)?;
            },
            Then::Drip => loop {
                thread::sleep(Duration::from_millis(50));
                stream.write_all(&[0])?;
            },
        }
    }
}

/// A server that lives as long as the test program.
pub struct Server {
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// `answer` gets the number of the request, from 0, and the request.
    pub fn start(answer: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (requests.clone(), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, seen, answer) = (stream.unwrap(), seen.clone(), answer.clone());
                thread::spawn(move || {
                    let Some(request) = read_request(&mut stream) else {
                        return;
                    };
                    let number = {
                        let mut seen = seen.lock().unwrap();
                        seen.push(request.clone());
                        seen.len() - 1
                    };
                    // The client may have left.
                    let _ = answer(number, &request).send(&mut stream);
                });
            }
        });
        Self { url, requests }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Where each request's range began.
    pub fn ranges(&self) -> Vec<Option<usize>> {
        self.requests().iter().map(|request| request.from).collect()
    }
}

fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let range = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("range").then_some(value)
    });
    Some(Request {
        path: head.split(' ').nth(1).unwrap().to_owned(),
        from: range.map(|range| {
            let from = range.strip_prefix("bytes=").unwrap();
            from.strip_suffix('-').unwrap().parse().unwrap()
        }),
    })
}

/// Bytes that do not compress.
pub fn noise(len: usize, mut seed: u32) -> Vec<u8> {
    let mut next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub const NAME: &str = "noise.bin";

/// A dataset of one file, its cache, and what was told while it was fetched.
pub struct Case {
    pub dataset: Dataset,
    pub options: Options,
    pub told: Vec<String>,
    _folder: TempDir,
}

impl Case {
    pub fn new(content: &[u8], compression: Compression, mirrors: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            dataset: Dataset {
                name: "noise".to_owned(),
                folders: vec![],
                files: vec![RemoteFile {
                    name: NAME.to_owned(),
                    other_names: vec![],
                    compression,
                    sha256: format!("{:x}", Sha256::digest(content)),
                    max_bytes: content.len() as u64 + 1000,
                }],
                mirrors: mirrors.iter().map(|&url| url.to_owned()).collect(),
            },
            options: Options {
                roots: vec![],
                cache: Some(folder.path().join("cache")),
                mirror: None,
                offline: false,
                connect_timeout: Duration::from_secs(5),
                stall_timeout: Duration::from_millis(500),
                retries: 2,
                retry_pause: Duration::from_millis(5),
            },
            told: vec![],
            _folder: folder,
        }
    }

    pub fn plain(content: &[u8], mirrors: &[&str]) -> Self {
        Self::new(content, Compression::None, mirrors)
    }

    pub fn gzip(content: &[u8], mirrors: &[&str]) -> Self {
        Self::new(content, Compression::Gzip, mirrors)
    }

    pub fn folder(&self) -> PathBuf {
        self.options.cache.as_ref().unwrap().join("noise")
    }

    pub fn part(&self) -> PathBuf {
        self.folder().join(format!("{NAME}.part"))
    }

    /// Leaves what an earlier download has left.
    pub fn with_part(self, bytes: &[u8]) -> Self {
        std::fs::create_dir_all(self.folder()).unwrap();
        std::fs::write(self.part(), bytes).unwrap();
        self
    }

    pub fn fetch(&mut self) -> Result<PathBuf, FetchError> {
        let told = &mut self.told;
        self.dataset
            .fetch(&self.options, &mut |progress| match progress {
                Progress::Connecting { file, .. } => told.push(format!("ask for {file}")),
                Progress::Received { bytes, total, .. } => {
                    told.push(format!("{bytes} of {total:?}"));
                }
                Progress::Failed { error, .. } => told.push(error.to_string()),
                Progress::Finished { file } => told.push(format!("have {file}")),
                _ => told.push("wait".to_owned()),
            })
    }

    /// Fetches, and asserts that the file is there, alone, and is what the mirror has.
    #[track_caller]
    pub fn assert_fetches(&mut self, bytes: &[u8]) {
        assert_eq!(self.fetch().unwrap(), self.folder(), "{:?}", self.told);
        assert!(std::fs::read(self.folder().join(NAME)).unwrap() == bytes);
        assert_eq!(self.files(), [NAME]);
    }

    /// Fetches, and gives the answers of the mirrors; asserts that no file has the name.
    #[track_caller]
    pub fn fails(&mut self) -> Vec<MirrorError> {
        let error = self.fetch().unwrap_err();
        let message = crate::chain(&error);
        let FetchError::Download { mirrors, .. } = error else {
            panic!("{message}");
        };
        assert!(!self.folder().join(NAME).exists());
        for (url, error) in &mirrors {
            assert!(message.contains(url) && message.contains(&error.to_string()));
        }
        mirrors.into_iter().map(|(_, error)| error).collect()
    }

    /// The names in the dataset's folder.
    pub fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder()).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}
