//! The English texts.

use std::net::IpAddr;

use rollcall_domain::{mail::Message, text::Login};

use super::{MailWords, Paragraph, code_minutes, text};
use crate::browser::Browser;

/// Advice where a new password undoes what somebody else did.
const CHANGE_PASSWORD: &str = "If neither you nor an administrator did this, choose \"Forgot password?\" on the \
                               sign-in page now to set a new password, and tell an administrator.";

/// Advice where a new password does not help, because this address can no longer reset it.
const TELL_ADMINISTRATOR: &str = "If neither you nor an administrator did this, tell an administrator now.";

pub(super) fn words(message: &Message, when: &str) -> MailWords {
    match message {
        Message::RegistrationCode(_) => with_code(
            "Your registration code",
            "Someone, probably you, is registering at Rollcall with this address. Enter this code to continue:",
            "If it was not you, ignore this email. Nobody can register with your address without the code.",
        ),
        Message::PasswordResetCode(_) => with_code(
            "Your password reset code",
            "Someone, probably you, asked to reset your Rollcall password. Enter this code to continue:",
            "If it was not you, ignore this email. Your password does not change without the code.",
        ),
        Message::EmailChangeCode(_) => with_code(
            "Confirm your email address",
            "Someone, probably you, wants to use this address at Rollcall. Enter this code to confirm it:",
            "If it was not you, ignore this email. Your address is not used without the code.",
        ),
        Message::AddressTaken { login } => notice(
            "Your address is already in use",
            format!(
                "On {when}, someone, probably you, tried to add this address at Rollcall. The user {login} already \
                 has it, so nothing was changed and no code was sent."
            ),
            "If it was you, sign in as that user. You can reset a forgotten password on the sign-in page. If it was \
             not you, ignore this email.",
        ),
        Message::PasswordChanged { login } => notice(
            "Your password was changed",
            format!("On {when}, the password of the user {login} was changed. Other sessions were signed out."),
            CHANGE_PASSWORD,
        ),
        Message::EmailChanged { login } => notice(
            "Your address was replaced",
            format!("On {when}, the address of the user {login} was changed from this one to another."),
            TELL_ADMINISTRATOR,
        ),
        Message::EmailUnbound { login } => notice(
            "Your address was removed",
            format!(
                "On {when}, this address was removed from the user {login}. It will receive no more notifications."
            ),
            TELL_ADMINISTRATOR,
        ),
        Message::TotpEnabled { login } => notice(
            "Two-factor sign-in is on",
            format!(
                "Since {when}, signing in as {login} requires a code from an authenticator app besides the password."
            ),
            CHANGE_PASSWORD,
        ),
        Message::TotpDisabled { login } => notice(
            "Two-factor sign-in is off",
            format!("Since {when}, signing in as {login} requires only the password."),
            CHANGE_PASSWORD,
        ),
        Message::RecoveryCodeUsed { login, left } => notice(
            "A recovery code was used",
            format!(
                "On {when}, someone signed in as {login} with a recovery code instead of the authenticator app. \
                 Recovery codes left: {left}."
            ),
            CHANGE_PASSWORD,
        ),
        Message::WebhookPaused { url, failing_since } => notice(
            "A webhook is paused",
            format!(
                "Since {}, a webhook of Rollcall has not accepted an event. On {when} it was paused. No event is lost.",
                super::when(*failing_since)
            ),
            "Repair the receiver, then resend the events on the page Webhooks.",
        )
        .with_facts([Paragraph::Fact("URL", url.as_str().to_owned())]),
        Message::MembershipEnding { login, team, expires_at } => notice(
            "Your membership in a team ends soon",
            format!(
                "On {}, the membership of the user {login} in this team ends. From then on, {login} can no longer \
                 see the team or work in it.",
                super::when(*expires_at)
            ),
            "If you need access for longer, ask an administrator of the team.",
        )
        .with_facts([Paragraph::Fact("Team", team.to_string())]),
        Message::NewDevice { login, address, user_agent } => new_device(login, *address, user_agent.as_deref(), when),
        Message::KeyExpires { login, name, expires_at } => notice(
            "An API key expires soon",
            format!("The API key \"{name}\" of the user {login} expires on {}.", super::when(*expires_at)),
            "Rotate the key at Rollcall and give the program its new secret before then, or let it expire if nobody \
             needs it.",
        ),
    }
}

fn new_device(login: &Login, address: Option<IpAddr>, user_agent: Option<&str>, when: &str) -> MailWords {
    let words = notice(
        "Sign-in from a new device",
        format!("On {when}, someone signed in as {login} from a new device."),
        CHANGE_PASSWORD,
    );
    let address = address.map(|address| Paragraph::Fact("IP address", address.to_string()));
    let browser = user_agent
        .and_then(|agent| Browser::of(agent).describe(|name, system| format!("{name} on {system}")))
        .map(|browser| Paragraph::Fact("Browser", browser));
    words.with_facts(address.into_iter().chain(browser))
}

fn with_code(subject: &'static str, occasion: &str, otherwise: &str) -> MailWords {
    let use_once = format!(
        "It expires in {} minutes and works once. Don't share it. Rollcall never asks for it by phone or email.",
        code_minutes()
    );
    mail(subject, vec![text(occasion), Paragraph::Code, text(use_once), text(otherwise)])
}

fn notice(subject: &'static str, what: String, advice: &str) -> MailWords {
    mail(subject, vec![text(what), text(advice)])
}

fn mail(subject: &'static str, paragraphs: Vec<Paragraph>) -> MailWords {
    MailWords { subject, paragraphs, footer: "Sent by Rollcall. Replies are not monitored." }
}
