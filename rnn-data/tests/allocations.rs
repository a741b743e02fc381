//! A header cannot make the reader allocate what is not there, and a text is never in memory whole.
//! Counted by an allocator, which is why these tests have a file, and so a process, of their own.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rnn_data::tagged::{ConlluField, ConlluReader, WordVectors};
use rnn_data::{Idx, IdxError, InvalidUtf8, Text, TextStreams};

/// The largest single allocation so far.
static LARGEST: AtomicUsize = AtomicUsize::new(0);

/// Held by the test that is counted, since tests run side by side.
static COUNTED: Mutex<()> = Mutex::new(());

struct Counting;

// SAFETY: everything is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LARGEST.fetch_max(size, Ordering::Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn headers_that_promise_much_allocate_little() {
    let promise = |bytes: u32| [&[0, 0, 8, 1][..], &bytes.to_be_bytes()].concat();
    // All that the limit allows, and more than that.
    let headers = [promise(1 << 30), promise(u32::MAX)];
    let compressed = headers.each_ref().map(|header| gzip(header));
    // 32 MiB of zeros in 32 KiB, where one element is promised.
    let bomb = gzip(&[promise(1), vec![0; 32 << 20]].concat());
    assert!(bomb.len() < 64 << 10);

    let _counted = COUNTED.lock().unwrap_or_else(PoisonError::into_inner);
    LARGEST.store(0, Ordering::Relaxed);
    for bytes in headers.iter().chain(&compressed) {
        let error = Idx::decode(bytes).unwrap_err();
        assert!(matches!(
            error,
            IdxError::TruncatedData { .. } | IdxError::TooLarge { .. }
        ));
    }
    let error = Idx::decode(&bomb).unwrap_err();
    assert!(matches!(
        error,
        IdxError::TrailingBytes {
            offset: 9,
            found: 1
        }
    ));
    let largest = LARGEST.load(Ordering::Relaxed);
    // The decoder's own tables and window.
    assert!(largest < 256 << 10, "{largest} bytes at once");
}

#[test]
fn a_text_is_never_in_memory_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("text.txt");
    let counted = COUNTED.lock().unwrap_or_else(PoisonError::into_inner);
    std::fs::write(&path, "To be, or nöt to be?\n".repeat(1 << 20)).unwrap();

    LARGEST.store(0, Ordering::Relaxed);
    let text = Text::open(&path, InvalidUtf8::Refuse).unwrap();
    assert_eq!(text.num_chars(), 21 << 20);
    assert_eq!(text.bytes().unwrap(), 22 << 20);
    text.hash().unwrap();
    let parts = text.split(&[0.9, 0.1]).unwrap();
    let vocab = parts[0].vocab("<unk>").unwrap();
    assert_eq!(parts[1].count_unknown(&vocab).unwrap().count, 0);
    let streams = TextStreams::new(parts[0].clone(), &vocab, 32, 100).unwrap();
    for index in [0, 1, 2, streams.len() - 1, 1] {
        assert!(streams.get(index).unwrap().is_some());
    }
    let largest = LARGEST.load(Ordering::Relaxed);
    drop(counted);
    // A chunk of it, and a flag for every character that there is in Unicode.
    assert!(largest <= 1_114_112, "{largest} bytes at once");
}

#[test]
fn sentences_and_vectors_are_read_one_by_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("long.conllu.gz");
    let sentence =
        "# text = Go on\n1\tGo\tgo\t_\t_\t_\t0\troot\t_\t_\n2\ton\ton\t_\t_\t_\t1\tx\t_\t_\n\n";
    let vectors = dir.path().join("long.vec");
    let counted = COUNTED.lock().unwrap_or_else(PoisonError::into_inner);
    std::fs::write(&path, gzip(sentence.repeat(100_000).as_bytes())).unwrap();
    let lines = (0..100_000).map(|word| format!("w{word} 0.25 -0.5 0.125 1e-3\n"));
    std::fs::write(&vectors, lines.collect::<String>()).unwrap();

    LARGEST.store(0, Ordering::Relaxed);
    let mut bytes = 0;
    for sentence in ConlluReader::open(&path).unwrap() {
        let tagged = sentence
            .unwrap()
            .with_column(ConlluField::Upos, &["VERB", "ADP"]);
        bytes += tagged.unwrap().text().len();
    }
    let vectors = WordVectors::read(&vectors, |word| word.ends_with("99")).unwrap();
    let largest = LARGEST.load(Ordering::Relaxed);
    drop(counted);
    assert_eq!(
        bytes,
        100_000 * (sentence.len() + "VERB".len() + "ADP".len() - 2)
    );
    assert_eq!((vectors.len(), vectors.dim()), (1000, 4));
    // Chunks of a file, and 1,000 vectors: all of them would take 1.6 MB.
    assert!(largest <= 128 << 10, "{largest} bytes at once");
}
