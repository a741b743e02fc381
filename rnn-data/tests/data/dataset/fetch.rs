//! Downloads that go well, in one piece or in several.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use rnn_data::dataset::{Compression, FetchError, MirrorError, RemoteFile};
use sha2::{Digest, Sha256};

use super::server::{Case, NAME, Reply, Request, Server, gzip, noise};

/// A server in order, but for its first answers, which `first` gives.
fn server(
    body: &[u8],
    first: impl Fn(usize, &Request, &[u8]) -> Option<Reply> + Send + Sync + 'static,
) -> Server {
    let body = body.to_vec();
    Server::start(move |number, request| {
        first(number, request, &body).unwrap_or_else(|| Reply::honest(request, &body))
    })
}

fn honest(body: &[u8]) -> Server {
    server(body, |_, _, _| None)
}

#[test]
fn files_plain_and_compressed() {
    let (plain, content) = (noise(100_000, 1), noise(200_000, 2));
    let bodies = Arc::new([plain.clone(), gzip(&content)]);
    let served = bodies.clone();
    let server = Server::start(move |_, request| {
        let file = usize::from(request.path == "/noise.gz");
        Reply::honest(request, &served[file])
    });
    let mut case = Case::plain(&plain, &[&server.url]);
    case.dataset.files.push(RemoteFile {
        name: "noise.gz".to_owned(),
        other_names: vec!["noise".to_owned()],
        compression: Compression::Gzip,
        // Case makes no difference.
        sha256: format!("{:X}", Sha256::digest(&content)),
        max_bytes: 300_000,
    });
    assert!(matches!(
        case.dataset.find(&case.options),
        Err(FetchError::NotFound(_))
    ));
    let folder = case.fetch().unwrap();
    assert_eq!(fs::read(folder.join(NAME)).unwrap(), plain);
    assert_eq!(fs::read(folder.join("noise.gz")).unwrap(), bodies[1]);
    assert_eq!(case.files().len(), 2);
    let paths: Vec<String> = server.requests().into_iter().map(|r| r.path).collect();
    assert_eq!(paths, ["/noise.bin", "/noise.gz"]);

    assert_eq!(case.told[0], "ask for noise.bin");
    assert_eq!(case.told[1], "0 of Some(100000)");
    assert!(case.told.contains(&"100000 of Some(100000)".to_owned()));
    assert!(case.told.contains(&"have noise.bin".to_owned()));
    assert_eq!(case.told.last().unwrap(), "have noise.gz");

    // What is there is not asked for again, under another name neither.
    assert_eq!(case.dataset.find(&case.options).unwrap(), folder);
    fs::rename(folder.join("noise.gz"), folder.join("noise")).unwrap();
    case.fetch().unwrap();
    assert_eq!(server.requests().len(), 2);
    fs::remove_file(folder.join("noise")).unwrap();
    case.fetch().unwrap();
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_cut_download_goes_on_where_it_ended() {
    let content = noise(300_000, 3);
    for body in [content.clone(), gzip(&content)] {
        let server = server(&body, |number, request, body| {
            (number == 0).then(|| Reply::honest(request, body).cut_after(150_000))
        });
        let mut case = if body == content {
            Case::plain(&content, &[&server.url])
        } else {
            Case::gzip(&content, &[&server.url])
        };
        case.assert_fetches(&body);
        assert_eq!(server.ranges(), [None, Some(150_000)]);
        let cut = format!("the connection failed after 150000 bytes of {}", body.len());
        assert!(case.told.iter().any(|told| told.starts_with(&cut)));
        assert!(
            case.told
                .contains(&format!("150000 of Some({})", body.len()))
        );
    }
}

#[test]
fn many_cuts_are_survived_as_long_as_there_is_something_new() {
    let content = noise(1_000_000, 4);
    let server = server(&content, |_, request, body| {
        Some(Reply::honest(request, body).cut_after(100_000))
    });
    let mut case = Case::plain(&content, &[&server.url]);
    case.options.retries = 0;
    case.assert_fetches(&content);
    let starts: Vec<_> = (1..10).map(|cut| Some(cut * 100_000)).collect();
    assert_eq!(server.ranges()[1..], starts);
}

#[test]
fn parts_of_an_earlier_process() {
    let content = noise(50_000, 5);
    let server = honest(&content);
    let part = |bytes: &[u8]| Case::plain(&content, &[&server.url]).with_part(bytes);
    part(&content[..20_000]).assert_fetches(&content);
    assert_eq!(server.ranges(), [Some(20_000)]);
    // All of it was there.
    part(&content).assert_fetches(&content);
    assert_eq!(server.ranges(), [Some(20_000)]);
    // Of another file: as long as it, longer, longer than it may be, and shorter.
    for (len, ranges) in [
        (50_000, &[Some(50_000), None][..]),
        (50_500, &[Some(50_500), None]),
        (60_000, &[None]),
        (10_000, &[Some(10_000), None]),
    ] {
        let before = server.ranges().len();
        let mut case = part(&noise(len, 6));
        case.options.retries = 0;
        case.assert_fetches(&content);
        assert_eq!(server.ranges()[before..], *ranges, "{len}");
    }
}

#[test]
fn servers_that_know_no_ranges() {
    let content = noise(50_000, 7);
    let ok = server(&content, |_, _, body| Some(Reply::lying(body, body.len())));
    let mut case = Case::plain(&content, &[&ok.url]).with_part(&content[..20_000]);
    case.assert_fetches(&content);
    assert_eq!(ok.ranges(), [Some(20_000)]);
    assert!(case.told.contains(&"0 of Some(50000)".to_owned()));

    // Or answer another one, or without saying which.
    for range in ["bytes 10000-49999/50000", "bytes 20000-60000/50000", "?"] {
        let wrong = server(&content, move |number, _, body| {
            let range = format!("Content-Range: {range}");
            (number == 0).then(|| Reply::new("206 Partial Content", &[&range], body))
        });
        let mut case = Case::plain(&content, &[&wrong.url]).with_part(&content[..20_000]);
        case.assert_fetches(&content);
        assert_eq!(wrong.ranges(), [Some(20_000), None]);
        let says = format!("expected the bytes from 20000 on, found Content-Range \"{range}\"");
        assert!(case.told.contains(&says), "{:?}", case.told);
    }
    // Without having been asked.
    let unasked = Server::start(move |_, _| Reply::new("206 Partial Content", &[], b"part"));
    let mut case = Case::plain(&content, &[&unasked.url]);
    assert!(matches!(
        case.fails()[0],
        MirrorError::Range { expected: 0, .. }
    ));
    assert_eq!(unasked.ranges(), [None]);
}

#[test]
fn a_server_that_sends_parts_only() {
    let content = noise(300_000, 8);
    let server = server(&content, |_, request, body| {
        let from = request.from?;
        let last = body.len().min(from + 100_000) - 1;
        let range = format!("Content-Range: bytes {from}-{last}/{}", body.len());
        Some(Reply::new(
            "206 Partial Content",
            &[&range],
            &body[from..=last],
        ))
    });
    let mut case = Case::plain(&content, &[&server.url]).with_part(&content[..50_000]);
    case.options.retries = 0;
    case.assert_fetches(&content);
    let ranges = [50_000, 150_000, 250_000].map(Some);
    assert_eq!(server.ranges(), ranges);
}

#[test]
fn redirects_keep_the_range() {
    let content = noise(50_000, 9);
    let server = server(&content, |_, request, _| {
        let moved = ["Location: /moved/noise.bin", "Content-Length: 0"];
        (request.path == "/noise.bin").then(|| Reply::new("302 Found", &moved, b""))
    });
    let mut case = Case::plain(&content, &[&server.url]).with_part(&content[..20_000]);
    case.assert_fetches(&content);
    assert_eq!(server.ranges(), [Some(20_000); 2]);
    assert_eq!(server.requests()[1].path, "/moved/noise.bin");
}

#[test]
fn the_next_mirror_goes_on_where_one_was_cut() {
    let content = noise(100_000, 10);
    // It knows no ranges, and is always cut.
    let bad = server(&content, |_, _, body| {
        Some(Reply::lying(body, body.len()).cut_after(30_000))
    });
    let good = honest(&content);
    let mut case = Case::plain(&content, &[&bad.url, &good.url]);
    case.assert_fetches(&content);
    assert_eq!(bad.ranges(), [None, Some(30_000), Some(30_000)]);
    assert_eq!(good.ranges(), [Some(30_000)]);
}

#[test]
fn a_mirror_of_ones_own() {
    let content = noise(1000, 11);
    let server = honest(&content);
    for mirror in [format!("{}/my", server.url), format!("{}/my/", server.url)] {
        let mut case = Case::plain(&content, &["http://data.invalid/"]);
        case.options.mirror = Some(mirror);
        case.assert_fetches(&content);
    }
    for request in server.requests() {
        assert_eq!(request.path, "/my/noise.bin");
    }
    // It stands in for the others.
    let mut case = Case::plain(&content, &[&server.url]);
    case.options.mirror = Some("nonsense".to_owned());
    assert_eq!(case.fails().len(), 1);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_server_that_decompresses() {
    let content = noise(1000, 12);
    let server = honest(&content);
    Case::gzip(&content, &[&server.url]).assert_fetches(&content);
}

#[test]
fn find_or_fetch() {
    let content = noise(1000, 13);
    let server = honest(&content);
    let mut case = Case::plain(&content, &[&server.url]);
    let root = case.folder().join("root");
    fs::create_dir_all(root.join("noise")).unwrap();
    fs::write(root.join("noise").join(NAME), "").unwrap();
    case.options.roots = vec![root.clone()];
    let get = |case: &Case| {
        let found = case.dataset.find_or_fetch(&case.options, &mut |_| {});
        found.unwrap()
    };
    assert_eq!(get(&case), root.join("noise"));
    assert_eq!(server.requests(), []);
    case.options.roots = vec![];
    assert_eq!(get(&case), case.folder());
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn offline_says_what_to_do() {
    let mut case = Case::plain(b"content", &["http://data.invalid/noise"]);
    case.options.offline = true;
    let error = case.fetch().unwrap_err();
    let folder = case.folder();
    assert_eq!(
        error.to_string(),
        format!(
            "the dataset noise was not found, and nothing is downloaded, as was asked for; looked for {0}; \
             put noise.bin from http://data.invalid/noise into {0}, or set RNN_DATA to the folder that \
             holds noise",
            folder.display()
        )
    );
    // Nothing was made.
    assert!(!case.options.cache.as_ref().unwrap().exists());
    // What is there needs no network.
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(NAME), "content").unwrap();
    assert_eq!(case.fetch().unwrap(), folder);
}

#[test]
fn caches_that_are_none() {
    let mut case = Case::plain(b"content", &[]);
    case.options.retry_pause = Duration::ZERO;
    assert_eq!(case.fails(), []);
    assert!(
        case.fetch()
            .unwrap_err()
            .to_string()
            .contains("no mirror is known")
    );

    case.dataset.files[0].name = "../noise.bin".to_owned();
    let error = case.fetch().unwrap_err();
    assert!(matches!(error, FetchError::Name { found } if found == "../noise.bin"));
    case.dataset.files[0].name = NAME.to_owned();

    let file = case.folder().join("file");
    fs::write(&file, "").unwrap();
    case.options.cache = Some(file.clone());
    let error = case.fetch().unwrap_err();
    assert!(matches!(&error, FetchError::Io { path, .. } if path.starts_with(&file)));
    case.options.cache = None;
    assert!(matches!(case.fetch(), Err(FetchError::NoCache { .. })));
}
