//! The files of jobs: the real SDK on the folder of an installation, and links to it.

mod links;
mod multipart;

use std::io::Read;

use bytes::Bytes;
use rollcall_objects::{ObjectReader, Objects, is_replaced};

use crate::support::World;

/// The whole content of an object.
async fn content(objects: &Objects, key: &str) -> Bytes {
    objects.read(key, 0, u64::MAX).await.unwrap()
}

#[tokio::test]
async fn an_object_is_read_in_ranges() {
    let world = World::new().await;
    let objects = world.objects();
    objects.put("job/a.csv", Bytes::from_static(b"0123456789")).await.unwrap();
    assert_eq!(objects.size("job/a.csv").await.unwrap(), Some(10));
    for (offset, length, expected) in [(0, 10, "0123456789"), (2, 3, "234"), (8, 5, "89"), (10, 5, ""), (99, 1, "")] {
        assert_eq!(objects.read("job/a.csv", offset, length).await.unwrap(), expected, "{offset}, {length}");
    }
    assert_eq!(objects.read("job/a.csv", 3, 0).await.unwrap(), "");
    assert!(objects.read("job/b.csv", 0, 1).await.unwrap_err().to_string().contains("NoSuchKey"));
}

#[tokio::test]
async fn an_object_is_replaced_and_deleted_as_often_as_asked() {
    let world = World::new().await;
    let objects = world.objects();
    assert_eq!(objects.size("a").await.unwrap(), None);
    objects.put("a", Bytes::from_static(b"long")).await.unwrap();
    objects.put("b", Bytes::new()).await.unwrap();
    objects.put("a", Bytes::from_static(b"new")).await.unwrap();
    assert_eq!(content(&objects, "a").await, "new");
    for _ in 0..2 {
        objects.delete("a").await.unwrap();
        assert_eq!(objects.size("a").await.unwrap(), None);
    }
    assert_eq!(objects.size("b").await.unwrap(), Some(0));
}

#[tokio::test]
async fn a_reader_fails_if_its_object_is_replaced() {
    let world = World::new().await;
    let objects = world.objects();
    let content = |byte: u8| Bytes::from(vec![byte; 5 * 1024 * 1024]);
    objects.put("a", content(b'a')).await.unwrap();
    let first = objects.find("a").await.unwrap().unwrap();
    let mut reader = ObjectReader::new(objects.clone(), first.clone());
    let reader = tokio::task::spawn_blocking(move || {
        reader.read_exact(&mut [0; 1]).unwrap();
        reader
    });
    let mut reader = reader.await.unwrap();
    objects.put("a", content(b'b')).await.unwrap();
    assert_ne!(objects.find("a").await.unwrap().unwrap().tag, first.tag);
    let read = tokio::task::spawn_blocking(move || reader.read_to_end(&mut Vec::new())).await.unwrap();
    assert!(is_replaced(&read.unwrap_err()));
}

#[tokio::test]
async fn objects_and_open_uploads_are_listed_by_prefix() {
    let world = World::new().await;
    let objects = world.objects();
    for key in ["job/1/a", "job/1/b c", "job/10/a", "job"] {
        objects.put(key, Bytes::new()).await.unwrap();
        objects.begin(key, "text/csv").await.unwrap();
    }
    assert_eq!(objects.list("job/1/").await.unwrap(), ["job/1/a", "job/1/b c"]);
    let mut open = objects.open_uploads("job/1/").await.unwrap();
    open.sort_by(|one, other| one.key.cmp(&other.key));
    assert_eq!(open.iter().map(|upload| upload.key.as_str()).collect::<Vec<_>>(), ["job/1/a", "job/1/b c"]);
    objects.abort(&open[0]).await.unwrap();
    assert_eq!(objects.open_uploads("job/1/").await.unwrap().len(), 1);
    assert!(objects.list("none/").await.unwrap().is_empty());
}

#[tokio::test]
async fn every_key_names_an_object_of_its_own() {
    let world = World::new().await;
    let objects = world.objects();
    let keys = ["a", "a/b", "a%2Fb", "A", "../a", "a/../b", ".", "a.part", "항구 1+1=2?#.csv", "a//b"];
    for key in keys {
        objects.put(key, Bytes::from(key)).await.unwrap();
    }
    for key in keys {
        assert_eq!(content(&objects, key).await, key);
    }
}

#[tokio::test]
async fn objects_of_another_bucket_are_not_reached() {
    let world = World::new().await;
    let of = |bucket| Objects::new(&world.s3_connection(), bucket);
    of(rollcall::BUCKET).put("a", Bytes::new()).await.unwrap();
    assert_eq!(of("another-bucket").size("a").await.unwrap(), None);
    assert!(of("another-bucket").put("a", Bytes::new()).await.unwrap_err().to_string().contains("NoSuchBucket"));
}

#[tokio::test]
async fn a_variable_names_the_bucket() {
    let world = World::new().await;
    let connection = world.s3_connection();
    assert_eq!(rollcall_objects::of(&connection, &|_| None).unwrap_err(), "JOBS_BUCKET must be set");
    let named = |name: &str| (name == "JOBS_BUCKET").then(|| rollcall::BUCKET.to_owned());
    rollcall_objects::of(&connection, &named).unwrap().put("a", Bytes::new()).await.unwrap();
}
