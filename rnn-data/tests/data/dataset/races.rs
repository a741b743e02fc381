//! Several downloads of the same dataset at once, one that is killed, and proxies: what needs processes of
//! their own.

use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rnn_data::dataset::Progress;

use super::server::{Case, Reply, Server, Then, noise};

fn body() -> Vec<u8> {
    noise(100_000, 30)
}

/// Not a test: what the other tests run as processes of their own.
#[test]
#[ignore = "run by other tests"]
fn a_process_that_fetches() {
    let (Ok(mirror), Ok(cache)) = (std::env::var("TEST_MIRROR"), std::env::var("TEST_CACHE"))
    else {
        return;
    };
    let mut case = Case::plain(&body(), &[&mirror]);
    case.options.stall_timeout = Duration::from_secs(60);
    case.options.cache = Some(cache.into());
    case.fetch().unwrap();
}

fn start_process(mirror: &str, cache: &Path) -> Child {
    process(mirror, cache).spawn().unwrap()
}

fn process(mirror: &str, cache: &Path) -> Command {
    let name = "dataset::races::a_process_that_fetches";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", name, "--ignored", "--quiet"])
        .env("TEST_MIRROR", mirror)
        .env("TEST_CACHE", cache);
    command
}

#[test]
fn one_of_several_threads_downloads() {
    let (asked, is_asked) = mpsc::channel();
    let server = Server::start(move |_, request| {
        asked.send(()).unwrap();
        // The others have come meanwhile.
        thread::sleep(Duration::from_millis(300));
        Reply::honest(request, &body())
    });
    let case = Case::plain(&body(), &[&server.url]);
    let fetch = || {
        let mut waited = false;
        let mut note = |progress: Progress<'_>| {
            waited |= matches!(progress, Progress::Waiting { .. });
        };
        let folder = case.dataset.fetch(&case.options, &mut note).unwrap();
        assert_eq!(folder, case.folder());
        waited
    };
    let waited = thread::scope(|scope| {
        let first = scope.spawn(fetch);
        is_asked.recv().unwrap();
        let others: Vec<_> = (0..4).map(|_| scope.spawn(fetch)).collect();
        assert!(!first.join().unwrap());
        let waited = others.into_iter().map(|other| other.join().unwrap());
        waited.collect::<Vec<bool>>()
    });
    assert_eq!(waited, [true; 4]);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn one_of_several_processes_downloads() {
    let server = Server::start(|_, request| {
        thread::sleep(Duration::from_millis(500));
        Reply::honest(request, &body())
    });
    let case = Case::plain(&body(), &[&server.url]);
    let cache = case.options.cache.as_ref().unwrap();
    let processes: Vec<_> = (0..3).map(|_| start_process(&server.url, cache)).collect();
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    assert_eq!(server.requests().len(), 1);
    assert_eq!(case.dataset.find(&case.options).unwrap(), case.folder());
}

#[test]
fn a_killed_process_leaves_a_part_and_no_lock() {
    let server = Server::start(|number, request| match number {
        0 => Reply::honest(request, &body())
            .cut_after(70_000)
            .then(Then::Stall),
        _ => Reply::honest(request, &body()),
    });
    let mut case = Case::plain(&body(), &[&server.url]);
    let mut process = start_process(&server.url, case.options.cache.as_ref().unwrap());
    let deadline = Instant::now() + Duration::from_secs(30);
    while case.part().metadata().map_or(0, |part| part.len()) < 70_000 {
        assert!(Instant::now() < deadline, "nothing came");
        thread::sleep(Duration::from_millis(10));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    case.assert_fetches(&body());
    assert_eq!(server.ranges(), [None, Some(70_000)]);
    assert!(!case.told.contains(&"wait".to_owned()));
}

#[test]
fn proxies_of_the_environment() {
    let proxy = Server::start(|_, _| Reply::new("404 Not Found", &["Content-Length: 0"], b""));
    let server = Server::start(|_, request| Reply::honest(request, &body()));
    let case = Case::plain(&body(), &[]);
    let fetches = |mirror: &str| {
        let mut command = process(mirror, case.options.cache.as_ref().unwrap());
        let output = command.env("ALL_PROXY", &proxy.url).output().unwrap();
        output.status.success()
    };
    assert!(!fetches("http://data.invalid"));
    let asked = proxy.requests();
    assert!(asked[0].path.contains("data.invalid"), "{asked:?}");
    // This machine is asked without it.
    assert!(fetches(&server.url));
    assert_eq!(proxy.requests(), asked);
}
