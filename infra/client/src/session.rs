//! A session for one command: a person signs in on the terminal, and is signed out at the end.
//!
//! Password and second factor come from the terminal alone, so that they are in no list of processes, no history of a
//! shell and no environment.

use std::io::ErrorKind;

use clap::{Arg, ArgMatches};
use serde_json::{Map, Value, json};

use crate::{failure::Failure, interrupt::Interrupt, members, server::Server};

/// The option with the login.
const SIGN_IN: &str = "sign-in";

/// The option that asks for a session.
pub(crate) fn option() -> Arg {
    Arg::new(SIGN_IN).long(SIGN_IN).value_name("LOGIN").help(
        "Signs in with this login instead of using the key, and out at the end. Asks for password and second factor \
         on the terminal",
    )
}

/// Does something with a session if the command line asks for one, and with the key otherwise. Ctrl-C ends it.
pub(crate) async fn with_session<T>(
    server: &Server<'_>,
    matches: &ArgMatches,
    work: impl AsyncFnOnce(&Server<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut interrupt = Interrupt::listen()?;
    let Some(login) = matches.get_one::<String>(SIGN_IN) else { return interrupt.race(work(server)).await };
    let session = sign_in(server, login, &mut interrupt).await?;
    let done = interrupt.race(work(&session)).await;
    match session.send_values("sign_out", Map::new()).await {
        Ok(_) => done,
        Err(failure) => {
            let advice = "The session could not be ended. It ends by itself, or in the console under Sessions.";
            done.and(Err(failure)).map_err(|failure| failure.advise(advice))
        }
    }
}

async fn sign_in<'a>(server: &Server<'a>, login: &str, interrupt: &mut Interrupt) -> Result<Server<'a>, Failure> {
    let password = ask(&format!("Password of {login}: "))?;
    let first = json!({"login": login, "password": password, "transport": "bearer"});
    let mut reply: Value = interrupt.race(server.call("sign_in", members(first))).await?;
    if let Some(ticket) = reply["mfa"]["ticket"].as_str() {
        let code = ask("Code of the second factor, or a recovery code: ")?;
        let code = code.trim();
        let is_totp = code.len() == TOTP_DIGITS && code.bytes().all(|byte| byte.is_ascii_digit());
        let field = if is_totp { "code" } else { "recovery_code" };
        let second = json!({"ticket": ticket, field: code, "transport": "bearer"});
        reply = interrupt.race(server.call("sign_in_with_second_factor", members(second))).await?;
    }
    let token = reply["token"].as_str().ok_or_else(|| Failure::no_server("the server's reply has no token"))?;
    server.with_token(token)
}

/// The number of digits of a code from an authenticator app. A recovery code has letters.
const TOTP_DIGITS: usize = 6;

/// Asks on the terminal for something that is not shown.
fn ask(prompt: &str) -> Result<String, Failure> {
    rpassword::prompt_password(prompt).map_err(|error| match error.kind() {
        ErrorKind::Interrupted => Failure::interrupted(),
        _ => Failure::refused(format!("--{SIGN_IN} needs a terminal to ask on: {error}")),
    })
}
