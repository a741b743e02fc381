//! A header cannot make the reader allocate what is not there. Counted by an allocator, which is
//! why this test has a file, and so a process, of its own.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use rnn_data::{Idx, IdxError};

/// The largest single allocation so far.
static LARGEST: AtomicUsize = AtomicUsize::new(0);

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
