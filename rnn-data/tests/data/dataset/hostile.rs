//! Servers that lie, stall, and send something else.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use rnn_data::dataset::MirrorError;

use super::server::{Case, Reply, Server, Then, gzip, noise};

/// A server with one answer for everybody.
fn always(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |_, _| reply())
}

fn body() -> Vec<u8> {
    noise(50_000, 20)
}

#[test]
fn a_length_that_is_too_long() {
    for then in [|| Then::Close, || Then::Stall] {
        let server = always(move || Reply::lying(&body(), 50_700).then(then()));
        Case::plain(&body(), &[&server.url]).assert_fetches(&body());
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn a_length_that_is_too_short() {
    // A plain file is taken for what was said, and is another one.
    let server = always(|| Reply::lying(&body(), 20_000));
    let mut case = Case::plain(&body(), &[&server.url]);
    let errors = case.fails();
    assert!(matches!(errors[0], MirrorError::Sum { bytes: 20_000, .. }));
    assert_eq!(case.files(), [""; 0]);

    // Of a compressed one it is plain that it goes on.
    let compressed = gzip(&body());
    let sent = compressed.clone();
    let server = Server::start(move |_, request| match request.from {
        None => Reply::lying(&sent, 20_000),
        Some(_) => Reply::honest(request, &sent),
    });
    Case::gzip(&body(), &[&server.url]).assert_fetches(&compressed);
    assert_eq!(server.ranges(), [None, Some(20_000)]);
}

#[test]
fn an_absurd_length() {
    let large = always(|| Reply::lying(&body(), u64::MAX));
    let beyond = always(|| Reply::lying(&body(), "99999999999999999999999"));
    let negative = always(|| Reply::lying(&body(), -1));
    let good = always(|| Reply::lying(&body(), 50_000));
    let urls = [&large, &beyond, &negative].map(|server| &server.url[..]);
    let mut case = Case::plain(&body(), &urls);
    let errors = case.fails();
    assert!(
        matches!(
            errors[0],
            MirrorError::TooLarge {
                found: u64::MAX,
                limit: 51_000
            }
        ),
        "{errors:?}"
    );
    case.dataset.mirrors.push(good.url);
    case.assert_fetches(&body());
}

#[test]
fn wrong_bytes() {
    let wrong = always(|| Reply::lying(&noise(50_000, 21), 50_000));
    let mut case = Case::plain(&body(), &[&wrong.url]);
    let errors = case.fails();
    let expected = &case.dataset.files[0].sha256;
    assert!(matches!(&errors[0],
        MirrorError::Sum { expected: e, found, bytes: 50_000 } if e == expected && found != e));
    assert_eq!(wrong.requests().len(), 1);
    assert_eq!(case.files(), [""; 0]);

    let good = always(|| Reply::lying(&body(), 50_000));
    let mut case = Case::plain(&body(), &[&wrong.url, &good.url]);
    case.assert_fetches(&body());
    assert_eq!(good.ranges(), [None]);
}

#[test]
fn damaged_gzip() {
    let compressed = gzip(&body());
    let mut damaged = compressed.clone();
    damaged[25_000] ^= 0x55;
    let cut = compressed[..25_000].to_vec();
    let mut more = compressed.clone();
    more.extend(b"more");
    for wrong in [damaged, cut, more] {
        let server = Server::start(move |_, request| Reply::honest(request, &wrong));
        let mut case = Case::gzip(&body(), &[&server.url]);
        let errors = case.fails();
        assert!(
            matches!(
                errors[0],
                MirrorError::Gzip { .. } | MirrorError::Sum { .. }
            ),
            "{errors:?}"
        );
        assert_eq!(case.files(), [""; 0]);
        assert!(server.requests().len() < 10);

        let sent = compressed.clone();
        let good = Server::start(move |_, request| Reply::honest(request, &sent));
        case.dataset.mirrors.push(good.url.clone());
        case.assert_fetches(&compressed);
        assert_eq!(good.ranges(), [None]);
    }
}

#[test]
fn a_stream_that_decompresses_to_more_than_there_may_be() {
    let bomb = gzip(&vec![0; 50_000_000]);
    let mut case = Case::gzip(&body(), &[]);
    case.dataset.files[0].max_bytes = bomb.len() as u64;
    let server = always(move || Reply::lying(&bomb, bomb.len()));
    case.dataset.mirrors.push(server.url);
    let limit = case.dataset.files[0].max_bytes;
    let expected = MirrorError::TooLarge {
        limit,
        found: limit + 1,
    };
    assert_eq!(case.fails(), [expected]);
}

#[test]
fn a_mirror_that_stalls() {
    let start = Instant::now();
    let server = always(|| {
        Reply::lying(&body(), 50_000)
            .cut_after(20_000)
            .then(Then::Stall)
    });
    let silent = Server::start(|_, _| {
        let mut reply = Reply::new("", &[], b"").then(Then::Stall);
        reply.head.clear();
        reply
    });
    let mut case = Case::plain(&body(), &[&server.url, &silent.url]);
    case.options.retries = 1;
    let errors = case.fails();
    let says: Vec<String> = errors.iter().map(ToString::to_string).collect();
    // The part of the first is kept, and the second asked for the rest of it.
    let expected = "nothing came for 0.5 s, after 20000 bytes";
    assert_eq!(says, [expected; 2]);
    assert_eq!(silent.ranges(), [Some(20_000); 2]);
    assert!(start.elapsed() < Duration::from_secs(20));

    let good = Server::start(|_, request| Reply::honest(request, &body()));
    case.dataset.mirrors = vec![good.url.clone()];
    case.assert_fetches(&body());
    assert_eq!(good.ranges(), [Some(20_000)]);
}

#[test]
fn a_mirror_that_sends_next_to_nothing() {
    let server = always(|| {
        Reply::lying(&body(), 50_000)
            .cut_after(20_000)
            .then(Then::Drip)
    });
    let good = Server::start(|_, request| Reply::honest(request, &body()));
    let mut case = Case::plain(&body(), &[&server.url]);
    case.options.retries = 0;
    let says = case.fails()[0].to_string();
    assert!(
        says.starts_with("fewer than 256 bytes a second came for 0.5 s"),
        "{says}"
    );
    // What dripped in was wrong: with it the sum is, and the file is fetched anew.
    case.dataset.mirrors = vec![good.url.clone()];
    case.assert_fetches(&body());
}

#[test]
fn errors_of_the_server() {
    for (status, requests) in [
        ("404 Not Found", 1),
        ("403 Forbidden", 1),
        ("304 Not Modified", 1),
        ("500 Internal Server Error", 3),
        ("429 Too Many Requests", 3),
    ] {
        let page = b"<html>sorry</html>";
        let server = always(move || {
            Reply::new(
                status,
                &["Content-Type: text/html", "Content-Length: 18"],
                page,
            )
        });
        let mut case = Case::plain(&body(), &[&server.url]);
        let error = case.fetch().unwrap_err();
        let (folder, url) = (case.folder(), &server.url);
        assert_eq!(
            crate::chain(&error),
            format!(
                "noise.bin could not be downloaded from {url}/noise.bin (status {status}); put \
                 noise.bin into {} by hand, or give another mirror",
                folder.display()
            )
        );
        assert_eq!(server.requests().len(), requests, "{status}");
        assert_eq!(case.files(), [""; 0]);
    }
    // One that is over soon.
    let server = Server::start(|number, request| match number {
        0 => Reply::new("503 Service Unavailable", &["Content-Length: 0"], b""),
        _ => Reply::honest(request, &body()),
    });
    Case::plain(&body(), &[&server.url]).assert_fetches(&body());
}

#[test]
fn pages_in_place_of_the_file() {
    let page = b"\n<!DOCTYPE HTML><title>Log in</title>";
    for kind in ["text/html; charset=utf-8", "application/gzip"] {
        let server =
            always(move || Reply::new("200 OK", &[&format!("Content-Type: {kind}")], page));
        for mut case in [
            Case::plain(&body(), &[&server.url]),
            Case::gzip(&body(), &[&server.url]),
        ] {
            assert_eq!(case.fails(), [MirrorError::Html]);
            assert_eq!(case.files(), [""; 0]);
        }
    }
    // A part that is there already is none of the page's.
    let server = always(move || Reply::new("200 OK", &["Content-Type: text/html"], page));
    let mut case = Case::plain(&body(), &[&server.url]).with_part(&body()[..10]);
    assert_eq!(case.fails(), [MirrorError::Html]);
    assert_eq!(case.files(), ["noise.bin.part"]);
}

#[test]
fn a_body_without_an_end() {
    let endless = || Reply::new("200 OK", &[], &noise(1000, 22)).then(Then::Repeat);
    let chunk = || {
        let mut chunk = b"3e8\r\n".to_vec();
        chunk.extend(noise(1000, 23));
        chunk.extend(b"\r\n");
        Reply::new("200 OK", &["Transfer-Encoding: chunked"], &chunk).then(Then::Repeat)
    };
    for server in [always(endless), always(chunk)] {
        let mut case = Case::plain(&body(), &[&server.url]);
        let errors = case.fails();
        assert!(matches!(
            errors[0],
            MirrorError::TooLarge { limit: 51_000, .. }
        ));
        assert_eq!(case.files(), [""; 0]);
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn a_server_that_begins_anew_and_is_cut_ends_too() {
    let large = noise(500_000, 24);
    let sent = large.clone();
    let server = always(move || Reply::lying(&sent, sent.len()).cut_after(400_000));
    let mut case = Case::plain(&large, &[&server.url]);
    assert!(matches!(
        case.fails()[0],
        MirrorError::Cut {
            received: 400_000,
            ..
        }
    ));
    assert_eq!(server.requests().len(), 4);
    assert_eq!(case.files(), ["noise.bin.part"]);
}

#[test]
fn chunks_that_are_cut() {
    // The length is not said, so that only the missing last chunk tells.
    let server = Server::start(|number, request| {
        let mut chunk = b"c350\r\n".to_vec();
        chunk.extend(body());
        let reply = Reply::new("200 OK", &["Transfer-Encoding: chunked"], &chunk);
        match number {
            0 => reply.cut_after(20_006),
            _ => Reply::honest(request, &body()),
        }
    });
    Case::plain(&body(), &[&server.url]).assert_fetches(&body());
    assert_eq!(server.ranges(), [None, Some(20_000)]);
}

#[test]
fn what_is_no_server() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let noise = always(|| Reply {
        head: "SSH-2.0-OpenSSH_10.0\r\n\r\n".to_owned(),
        body: vec![],
        then: Then::Close,
    });
    let plain = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let tls = format!("https://{}", plain.local_addr().unwrap());
    let answer = std::thread::spawn(move || {
        let (mut stream, _) = plain.accept().unwrap();
        assert!(stream.read(&mut [0; 10_000]).unwrap() > 0);
        stream
            .write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n")
            .unwrap();
        // Nothing more is asked.
        plain.set_nonblocking(true).unwrap();
        std::thread::sleep(Duration::from_millis(300));
        assert!(plain.accept().is_err());
    });
    let urls = [
        &closed,
        &noise.url,
        &tls,
        "ftp://127.0.0.1/",
        "nonsense",
        "",
    ];
    let mut case = Case::plain(&body(), &urls);
    let errors = case.fails();
    assert_eq!(errors.len(), urls.len());
    assert!(errors[0].to_string().starts_with("no connection: "));
    assert!(matches!(errors[1], MirrorError::Cut { received: 0, .. }));
    assert!(
        errors[2].to_string().starts_with("no connection: "),
        "{}",
        errors[2]
    );
    answer.join().unwrap();
    let no_url = "no connection: expected a URL that begins with http:// or https://";
    assert!(errors[3..].iter().all(|error| error.to_string() == no_url));
}

#[test]
fn redirects_without_an_end() {
    let server = always(|| Reply::new("302 Found", &["Location: /", "Content-Length: 0"], b""));
    let mut case = Case::plain(&body(), &[&server.url]);
    assert!(case.fails()[0].to_string().contains("redirect"));
    assert!(server.requests().len() < 20);
}
