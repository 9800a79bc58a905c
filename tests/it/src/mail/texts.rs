//! The texts of mails.

use mailer::Letter;
use rollcall_api::mailed_code;
use rollcall_domain::{
    email::Email,
    id::MailId,
    mail::{Language, Mail, Message},
    text::{KeyName, Login, TeamName},
};
use rollcall_store::outbox;

use crate::{
    mail::{RecordingSender, mailed_code},
    support::{ORIGIN, World},
};

/// A login of eight digits, which could be mistaken for a code.
const LOGIN: &str = "12345678";

async fn messages(world: &World) -> Vec<Message> {
    let code = mailed_code(world).await;
    let login = || Login::parse(LOGIN).unwrap();
    let device = |user_agent: &str| Message::NewDevice {
        login: login(),
        address: Some([203, 0, 113, 7].into()),
        user_agent: Some(user_agent.to_owned()),
    };
    vec![
        Message::RegistrationCode(code.clone()),
        Message::PasswordResetCode(code.clone()),
        Message::EmailChangeCode(code),
        Message::AddressTaken { login: login() },
        Message::PasswordChanged { login: login() },
        Message::EmailChanged { login: login() },
        Message::EmailUnbound { login: login() },
        Message::TotpEnabled { login: login() },
        Message::TotpDisabled { login: login() },
        Message::RecoveryCodeUsed { login: login(), left: 87_654_321 },
        Message::MembershipEnding {
            login: login(),
            team: TeamName::parse("87654321 <b>").unwrap(),
            expires_at: world.now(),
        },
        Message::NewDevice { login: login(), address: None, user_agent: None },
        Message::KeyExpires { login: login(), name: KeyName::parse(LOGIN).unwrap(), expires_at: world.now() },
        device("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
        device("\r\n87654321\r\nBcc: everybody@example.com\r\n\r\n<script>alert(1)</script>\u{2028}\"'&<b>"),
    ]
}

async fn rendered(world: &World, to: &str, language: Language, message: Message) -> Letter {
    let recorder = RecordingSender::default();
    let mail_id = MailId::new(world.context.uuid().unwrap());
    let mail = Mail::new(mail_id, Some(Email::parse(to).unwrap()), language, message, world.now());
    world.writer().record([outbox::put(&mail).unwrap()]).await.unwrap();
    mailer::deliver(&world.context, &recorder.sender(), mail_id).await.unwrap();
    let [letter] = recorder.take().try_into().unwrap_or_else(|_| panic!("one letter"));
    letter
}

/// The lines of a text that consist of eight digits.
fn codes(text: &str) -> Vec<&str> {
    let is_code = |line: &&str| line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit());
    text.split(|c: char| c.is_control() || c == '\u{2028}').map(str::trim).filter(is_code).collect()
}

/// The words of an HTML part, without its markup.
fn words_of(html: &str) -> Vec<String> {
    let (_, body) = html.split_once("<body").unwrap();
    let text: String =
        body.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect::<Vec<_>>().join(" ");
    let plain = ["&#38;&", "&#60;<", "&#62;>", "&#34;\"", "&#39;'"].iter().rev();
    let text = plain.fold(text, |text, pair| text.replace(&pair[..5], &pair[5..]));
    text.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test]
async fn every_message_exists_in_every_language_and_both_parts_have_the_same_words() {
    let world = World::new().await;
    let digits = mailed_code::digits(&world.context, &mailed_code(&world).await).await.unwrap();
    for message in messages(&world).await {
        let mut subjects = Vec::new();
        for language in [Language::En, Language::Ko] {
            let Letter { subject, text, html, .. } =
                rendered(&world, "mina@example.com", language, message.clone()).await;
            let has_code = matches!(
                message,
                Message::RegistrationCode(_) | Message::PasswordResetCode(_) | Message::EmailChangeCode(_)
            );
            assert_eq!(codes(&text), if has_code { vec![digits.as_str()] } else { vec![] }, "{text}");
            assert_eq!(text.contains(LOGIN), !has_code, "{text}");
            assert_eq!(text.contains("2026-11-20 12:00:00 UTC"), !has_code, "{text}");
            let is_korean = subject.chars().any(|c| ('가'..='힣').contains(&c));
            assert_eq!(is_korean, language == Language::Ko, "{subject}");
            assert!(!subject.contains(char::is_control));
            let words: Vec<String> = text.split_whitespace().filter(|word| *word != "--").map(str::to_owned).collect();
            assert_eq!(words_of(&html), words);
            assert!(html.contains(&format!("<title>{subject}</title>")));
            subjects.push(subject);
        }
        assert_ne!(subjects[0], subjects[1]);
    }
}

/// A `User-Agent` is chosen by its sender, and parts such as `Gecko/20100101` look like a code.
#[tokio::test]
async fn a_mail_names_browser_and_system_in_our_words_only() {
    let world = World::new().await;
    let login = || Login::parse("mina").unwrap();
    let mail = async |language, user_agent: &str| {
        let (address, user_agent) = (None, Some(user_agent.to_owned()));
        rendered(&world, "mina@example.com", language, Message::NewDevice { login: login(), address, user_agent }).await
    };
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    assert!(mail(Language::En, firefox).await.text.contains("\nBrowser: Firefox on Linux\n"));
    assert!(mail(Language::Ko, firefox).await.text.contains("\n브라우저/앱: Firefox (Linux)\n"));
    for user_agent in [firefox, "87654321", "curl/8.15.0 call +49 1234567 now", "<b>Firefox/1</b>\u{202e}"] {
        let Letter { text, html, .. } = mail(Language::En, user_agent).await;
        for part in [text, html] {
            for own in ["Gecko", "20100101", "87654321", "curl", "+49", "<b>", "\u{202e}", "/1"] {
                assert!(!part.contains(own), "{own}: {part}");
            }
        }
    }
}

#[tokio::test]
async fn the_plain_part_ends_with_a_signature() {
    let world = World::new().await;
    for message in messages(&world).await {
        let text = rendered(&world, "mina@example.com", Language::En, message).await.text;
        let (_, signature) = text.split_once("\n-- \n").unwrap();
        assert_eq!(signature.trim_end(), format!("Sent by Rollcall. Replies are not monitored.\n{ORIGIN}"));
    }
}

/// Links lead to the configured origin, the mail loads nothing, and user input stays text.
#[tokio::test]
async fn user_input_becomes_neither_markup_nor_a_line_of_its_own() {
    let world = World::new().await;
    for message in messages(&world).await {
        for language in [Language::En, Language::Ko] {
            let letter = rendered(&world, "mina@example.com", language, message.clone()).await;
            let tags: Vec<&str> =
                letter.html.split('<').skip(1).map(|tag| tag.split(['>', ' ']).next().unwrap()).collect();
            let known = [
                "!doctype", "html", "head", "meta", "title", "/title", "/head", "body", "table", "/table", "tr", "/tr",
                "td", "/td", "div", "/div", "p", "/p", "span", "/span", "br", "a", "/a", "/body", "/html",
            ];
            assert!(tags.iter().all(|tag| known.contains(tag)), "{tags:?}");
            let links: Vec<&str> = letter.html.match_indices("href=").map(|(at, _)| &letter.html[at..]).collect();
            assert!(links.len() == 1 && links[0].starts_with(&format!("href=\"{ORIGIN}\"")), "{}", letter.html);
            for loading in ["src=", "url(", "<style", "@import"] {
                assert!(!letter.html.contains(loading), "{loading}: {}", letter.html);
            }
            let bare = |line: &str| line.starts_with("Bcc") || line.starts_with("<script>");
            assert!(!letter.text.lines().any(bare), "{}", letter.text);
        }
    }
}

/// The letter keeps the address as its owner typed it; the wire has the ASCII form that servers accept.
#[tokio::test]
async fn an_address_keeps_its_spelling() {
    let world = World::new().await;
    let message = Message::TotpEnabled { login: Login::parse("mina").unwrap() };
    let letter = rendered(&world, "Mina@Bücher.example", Language::En, message).await;
    assert_eq!(
        (letter.to.as_str(), letter.to.to_wire().as_str()),
        ("Mina@Bücher.example", "Mina@xn--bcher-kva.example")
    );
}
