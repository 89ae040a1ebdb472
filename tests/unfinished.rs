//! The end of the program: in a process of its own, since nothing can be finished after it.
#![cfg(feature = "files")]

use periphon::ErrorKind;
use periphon::layout::Layout;
use periphon::sink::{FileSink, SampleFormat, Scratch, SinkSpec, remove_unfinished};

#[test]
fn all_unfinished_files_go_at_once_and_none_is_finished_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let spec = SinkSpec::new(48_000, Layout::named("mono", 1).unwrap(), SampleFormat::I24);
    let done = folder.path().join("done.wav");
    FileSink::create(&done, &spec, false).unwrap().finish().unwrap();
    let mut first = FileSink::create(folder.path().join("a.wav"), &spec, false).unwrap();
    let second = FileSink::create(folder.path().join("b.flac"), &spec, false).unwrap();
    let scratch = Scratch::new(folder.path().join("a.wav"), 1).unwrap();
    first.write(&[&[0.5; 1000]]).unwrap();
    remove_unfinished();
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(left, [done]);
    assert_eq!(first.finish().unwrap_err().kind(), ErrorKind::Interrupted);
    assert_eq!(second.finish().unwrap_err().kind(), ErrorKind::Interrupted);
    assert!(FileSink::create(folder.path().join("c.wav"), &spec, false).is_err());
    drop(scratch);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
