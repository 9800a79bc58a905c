//! Objects that are written in parts.

use bytes::Bytes;
use rollcall_objects::{MIN_PART_BYTES, Objects, Upload};

use super::content;
use crate::support::World;

/// A part of the smallest size, filled with its number.
fn part(number: u8) -> Bytes {
    vec![number; MIN_PART_BYTES].into()
}

async fn begin(objects: &Objects, key: &str) -> Upload {
    objects.begin(key, "text/csv").await.unwrap()
}

#[tokio::test]
async fn an_object_consists_of_its_parts_in_the_order_of_their_numbers() {
    let world = World::new().await;
    let objects = world.objects();
    let upload = begin(&objects, "a.csv").await;
    for number in [3, 1, 2] {
        objects.write_part(&upload, number.into(), part(number)).await.unwrap();
    }
    objects.write_part(&upload, 2, part(9)).await.unwrap();
    objects.write_part(&upload, 4, Bytes::from_static(b"rest")).await.unwrap();
    objects.write_part(&upload, 5, Bytes::from_static(b"not part of it")).await.unwrap();
    assert_eq!(objects.size("a.csv").await.unwrap(), None);
    for _ in 0..2 {
        objects.complete(&upload, 4).await.unwrap();
        let expected = [&part(1)[..], &part(9), &part(3), b"rest"].concat();
        assert!(content(&objects, "a.csv").await == expected);
    }
}

#[tokio::test]
async fn an_upload_without_parts_makes_an_empty_object() {
    let world = World::new().await;
    let objects = world.objects();
    let upload = begin(&objects, "a.csv").await;
    for _ in 0..2 {
        objects.complete(&upload, 0).await.unwrap();
        assert_eq!(objects.size("a.csv").await.unwrap(), Some(0));
    }
}

#[tokio::test]
async fn a_part_that_is_missing_or_too_small_makes_no_object() {
    let world = World::new().await;
    let objects = world.objects();
    let upload = begin(&objects, "a.csv").await;
    objects.write_part(&upload, 1, Bytes::from_static(b"small")).await.unwrap();
    objects.write_part(&upload, 3, part(3)).await.unwrap();
    let missing = objects.complete(&upload, 3).await.unwrap_err().to_string();
    assert!(missing.contains("part 2 of 3 was never written"), "{missing}");
    objects.write_part(&upload, 2, part(2)).await.unwrap();
    let too_small = objects.complete(&upload, 3).await.unwrap_err().to_string();
    assert!(too_small.contains("EntityTooSmall"), "{too_small}");
    assert_eq!(objects.size("a.csv").await.unwrap(), None);
    objects.write_part(&upload, 1, part(1)).await.unwrap();
    objects.complete(&upload, 3).await.unwrap();
    assert_eq!(objects.size("a.csv").await.unwrap(), Some(3 * MIN_PART_BYTES as u64));
}

#[tokio::test]
async fn an_aborted_upload_is_gone_and_makes_no_object() {
    let world = World::new().await;
    let objects = world.objects();
    let (upload, other) = (begin(&objects, "a.csv").await, begin(&objects, "b.csv").await);
    objects.write_part(&upload, 1, Bytes::from_static(b"a")).await.unwrap();
    objects.write_part(&other, 1, Bytes::from_static(b"b")).await.unwrap();
    for _ in 0..2 {
        objects.abort(&upload).await.unwrap();
    }
    for parts in [0, 1] {
        assert!(objects.complete(&upload, parts).await.unwrap_err().to_string().contains("NoSuchUpload"));
    }
    assert!(objects.write_part(&upload, 1, Bytes::new()).await.is_err());
    assert_eq!(objects.size("a.csv").await.unwrap(), None);
    objects.complete(&other, 1).await.unwrap();
    assert_eq!(content(&objects, "b.csv").await, "b");
}

#[tokio::test]
async fn an_upload_is_known_for_its_key_only() {
    let world = World::new().await;
    let objects = world.objects();
    let upload = begin(&objects, "a.csv").await;
    for (key, upload_id) in [("b.csv", upload.upload_id.as_str()), ("a.csv", ".."), ("a.csv", ""), ("a.csv", "unknown")]
    {
        let wrong = Upload { key: key.to_owned(), upload_id: upload_id.to_owned() };
        assert!(objects.write_part(&wrong, 1, Bytes::new()).await.is_err(), "{wrong:?}");
    }
    objects.complete(&upload, 0).await.unwrap();
}

/// S3 lists 1,000 parts at a time.
#[tokio::test]
async fn parts_beyond_the_first_page_are_found() {
    let world = World::new().await;
    let objects = world.objects();
    let upload = begin(&objects, "a.csv").await;
    for number in 1..=1_001 {
        objects.write_part(&upload, number, Bytes::new()).await.unwrap();
    }
    let too_small = objects.complete(&upload, 1_001).await.unwrap_err().to_string();
    assert!(too_small.contains("EntityTooSmall"), "{too_small}");
}
