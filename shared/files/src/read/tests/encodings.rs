//! Every encoding with every separator.

use encoding_rs::{
    BIG5, EUC_KR, Encoding, GB18030, SHIFT_JIS, UTF_8, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253,
    WINDOWS_1254, WINDOWS_1255, WINDOWS_1256, WINDOWS_1257, WINDOWS_1258,
};
use rstest::rstest;

use super::*;
use rollcall_domain::file_format::Delimiter;

use crate::read::TextEncoding;

/// Two columns of names and places, as a spreadsheet saves them.
fn table(people: &[(&str, &str)], delimiter: Delimiter) -> String {
    let separator = delimiter.as_str();
    let header = format!("user_id{separator}nickname{separator}location\r\n");
    let rows =
        (1..).zip(people).map(|(number, (name, place))| format!("p{number}{separator}{name}{separator}{place}\r\n"));
    header + &rows.collect::<String>()
}

fn assert_read(bytes: &[u8], people: &[(&str, &str)], encoding: &str, delimiter: Delimiter) {
    let file = File::read(bytes);
    assert_eq!(file.recognised.encoding.as_deref(), Some(encoding));
    assert_eq!(file.recognised.delimiter, Some(delimiter));
    assert!(file.recognised.has_header);
    let expected = (1..)
        .zip(people)
        .map(|(number, (name, place))| json!({"user_id": format!("p{number}"), "nickname": name, "location": place}));
    assert_eq!(file.fields(), expected.collect::<Vec<_>>());
}

#[rstest]
#[case(GB18030, &[("王小明", "北京"), ("李娜", "上海市浦东新区"), ("张伟", "广州")])]
#[case(BIG5, &[("陳怡君", "臺北"), ("林志豪", "高雄市"), ("黃淑芬", "臺中")])]
#[case(SHIFT_JIS, &[("佐藤太郎", "東京都港区"), ("すずき はな", "大阪"), ("タナカ", "札幌市")])]
#[case(EUC_KR, &[("김하은", "부산"), ("박민아", "서울특별시"), ("이서준", "대구")])]
#[case(WINDOWS_1250, &[("Zażółć Gęślą", "Łódź"), ("Jiří Šťastný", "Plzeň"), ("Žofie Dvořáková", "Děčín")])]
#[case(WINDOWS_1251, &[("Пётр Иванов", "Москва"), ("Мария Кузнецова", "Казань"), ("Олена", "Київ")])]
#[case(WINDOWS_1252, &[("Jürgen Müller", "Köln"), ("Inès Moreau", "Orléans"), ("José Núñez", "León")])]
#[case(WINDOWS_1253, &[("Γιώργος Παπαδόπουλος", "Αθήνα"), ("Ελένη", "Θεσσαλονίκη")])]
#[case(WINDOWS_1254, &[("Şükrü Yıldız", "İstanbul"), ("Çağla Gündoğdu", "Eskişehir"), ("Ayşe", "Muğla")])]
#[case(WINDOWS_1255, &[("דוד כהן", "ירושלים"), ("רחל לוי", "תל אביב")])]
#[case(WINDOWS_1256, &[("محمد أحمد", "القاهرة"), ("فاطمة علي", "بغداد")])]
#[case(WINDOWS_1257, &[("Jānis Bērziņš", "Rīga"), ("Žydrūnas Šimkus", "Šiauliai"), ("Õnne Kõiv", "Pärnu")])]
#[case(WINDOWS_1258, &[("Nguyê\u{303}n Đư\u{301}c", "Nô\u{323}i"), ("Trâ\u{300}n", "Đa\u{300} La\u{323}t")])]
#[case(UTF_8, &[("김하은", "부산"), ("Jürgen", "Köln")])]
fn a_table_in_any_encoding_is_read_without_being_told(
    #[case] encoding: &'static Encoding,
    #[case] people: &[(&str, &str)],
    #[values(Delimiter::Comma, Delimiter::Semicolon, Delimiter::Tab, Delimiter::Pipe)] delimiter: Delimiter,
) {
    let people: Vec<_> = people.iter().map(|(name, place)| (*name, *place)).collect();
    let text = table(&people, delimiter);
    let (bytes, _, has_unmappable) = encoding.encode(&text);
    assert!(!has_unmappable);
    assert_read(&bytes, &people, &encoding.name().to_lowercase(), delimiter);
}

#[rstest]
fn utf_16_is_read_with_and_without_a_mark(
    #[values(true, false)] has_mark: bool,
    #[values(true, false)] is_little: bool,
    #[values(Delimiter::Comma, Delimiter::Tab)] delimiter: Delimiter,
) {
    let people = [("김하은", "부산"), ("王一一", "一"), ("Jürgen", "Köln")];
    let text = format!("{}{}", if has_mark { "\u{feff}" } else { "" }, table(&people, delimiter));
    let bytes = text.encode_utf16().flat_map(|unit| if is_little { unit.to_le_bytes() } else { unit.to_be_bytes() });
    let bytes: Vec<u8> = bytes.collect();
    assert_read(&bytes, &people, if is_little { "utf-16le" } else { "utf-16be" }, delimiter);
    assert!(File::read(&bytes).recognised.encoding_certain);
}

#[test]
fn only_a_guess_is_uncertain() {
    let people = [("Jürgen", "Köln"), ("José", "León")];
    let text = table(&people, Delimiter::Comma);
    assert!(File::read(text.as_bytes()).recognised.encoding_certain);
    let bytes = WINDOWS_1252.encode(&text).0.into_owned();
    assert!(!File::read(&bytes).recognised.encoding_certain);
    let given = Given { encoding: Some(TextEncoding(WINDOWS_1250)), ..Given::default() };
    assert!(File::read_as(&bytes, &given).unwrap().recognised.encoding_certain);
}

#[test]
fn a_broken_byte_in_utf_8_does_not_make_it_another_encoding() {
    let text =
        table(&[("Jürgen", "Köln"), ("José Núñez", "León"), ("Inès", "Orléans"), ("é", "ééé")], Delimiter::Comma);
    let mut bytes = text.into_bytes();
    let place = bytes.len() - 2;
    bytes.insert(place, 0xff);
    let refused = File::try_read(&bytes).err();
    let Some(Unreadable::Undecodable { encoding, offset }) = refused else { panic!("{refused:?}") };
    assert_eq!((encoding.as_str(), offset), ("utf-8", place as u64));
}

#[test]
fn a_broken_byte_after_the_head_is_reported_with_its_offset() {
    let mut bytes = b"user_id,nickname\n".to_vec();
    while bytes.len() < 3 * super::super::HEAD_BYTES {
        bytes.extend_from_slice("p,김하은\n".as_bytes());
    }
    let place = bytes.len() - 1;
    bytes.insert(place, 0x80);
    let refused = File::try_read(&bytes).err();
    assert!(matches!(refused, Some(Unreadable::Undecodable { offset, .. }) if offset == place as u64), "{refused:?}");
}

#[test]
fn a_stray_zero_byte_does_not_make_a_text_utf_16() {
    for (text, column) in [("id\na\0\n", "id"), ("user_id,nickname\na,\0Mina\0\n", "nickname")] {
        let file = File::read(text.as_bytes());
        assert_eq!(file.recognised.encoding.as_deref(), Some("utf-8"));
        assert_eq!(file.faults(), [(2, column.to_owned(), "bad_format".to_owned())]);
    }
    let mut bytes = EUC_KR.encode("user_id,nickname\na,김하은과 박민아\n").0.into_owned();
    bytes.insert(19, 0);
    assert_eq!(File::read(&bytes).recognised.encoding.as_deref(), Some("euc-kr"));
}
