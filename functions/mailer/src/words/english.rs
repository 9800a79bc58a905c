//! English.

use rollcall_domain::mail::Message;

use super::{Paragraph, Words, code_minutes, inert, text};

/// For what its owner can mend with a new password.
const IF_NOT_YOU: &str = "If that was neither you nor an administrator on your behalf, choose a new password with \
                          \"Forgotten password\" on the sign-in page at once, and tell an administrator.";

/// For what a new password cannot mend, since this address no longer proves anything.
const TELL: &str = "If that was neither you nor an administrator on your behalf, tell an administrator at once.";

pub(super) fn words(message: &Message, when: &str) -> Words {
    match message {
        Message::RegistrationCode(_) => coded(
            "Your code to register",
            "Somebody, probably you, is registering at Rollcall with this address. Enter this code to go on:",
            "If it was not you, you need not do anything: without the code, nobody can register with your address.",
        ),
        Message::PasswordResetCode(_) => coded(
            "Your code for a new password",
            "Somebody, probably you, wants to choose a new password at Rollcall. Enter this code to go on:",
            "If it was not you, you need not do anything: without the code, your password stays as it is.",
        ),
        Message::EmailChangeCode(_) => coded(
            "Your code to confirm this address",
            "Somebody, probably you, wants to use this address at Rollcall. Enter this code to confirm it:",
            "If it was not you, you need not do anything: without the code, your address is not used.",
        ),
        Message::AddressTaken { login } => told(
            "Your address is in use already",
            format!(
                "On {when}, somebody, probably you, entered this address at Rollcall as a new one. It is the address \
                 of the user {login} already, so nothing was changed and no code was sent."
            ),
            "If it was you, sign in as that user; a forgotten password is replaced from the sign-in page. If it was \
             not you, you need not do anything.",
        ),
        Message::PasswordChanged { login } => told(
            "Your password was changed",
            format!("On {when}, the password of the user {login} was changed. Sessions open elsewhere have ended."),
            IF_NOT_YOU,
        ),
        Message::EmailChanged { login } => told(
            "Your address was replaced",
            format!("On {when}, another address took the place of this one for the user {login}."),
            TELL,
        ),
        Message::EmailUnbound { login } => told(
            "Your address was removed",
            format!("On {when}, this address was removed from the user {login}. No more mails about it come here."),
            TELL,
        ),
        Message::TotpEnabled { login } => told(
            "Two-factor sign-in is on",
            format!("Since {when}, signing in as {login} takes a code of an authenticator app beside the password."),
            IF_NOT_YOU,
        ),
        Message::TotpDisabled { login } => told(
            "Two-factor sign-in is off",
            format!("Since {when}, signing in as {login} takes the password alone."),
            IF_NOT_YOU,
        ),
        Message::RecoveryCodeUsed { login, left } => told(
            "A recovery code was used",
            format!(
                "On {when}, somebody signed in as {login} with a recovery code in place of the second factor. \
                 Recovery codes left: {left}."
            ),
            IF_NOT_YOU,
        ),
        Message::NewDevice { login, address, user_agent } => {
            let mut words = told(
                "Sign-in from a new device",
                format!("On {when}, somebody signed in as {login} from a device that was not seen before."),
                IF_NOT_YOU,
            );
            let address = address.map(|address| text(format!("Network address: {address}")));
            let program = user_agent.as_deref().map(|name| text(format!("Program, by its own word: {}", inert(name))));
            words.paragraphs.splice(1..1, address.into_iter().chain(program));
            words
        }
    }
}

fn coded(subject: &'static str, occasion: &str, otherwise: &str) -> Words {
    let use_once = format!(
        "It is good for {} minutes and for one use. Give it to nobody: Rollcall never asks for it by phone or mail.",
        code_minutes()
    );
    of(subject, vec![text(occasion), Paragraph::Code, text(use_once), text(otherwise)])
}

fn told(subject: &'static str, what: String, advice: &str) -> Words {
    of(subject, vec![text(what), text(advice)])
}

fn of(subject: &'static str, paragraphs: Vec<Paragraph>) -> Words {
    Words { subject, paragraphs, footer: "Sent by Rollcall. Answers to this mail are not read." }
}
