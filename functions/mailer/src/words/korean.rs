//! The Korean texts.

use std::net::IpAddr;

use rollcall_domain::{mail::Message, text::Login};

use super::{MailWords, Paragraph, code_minutes, text};
use crate::browser::Browser;

/// Advice where a new password undoes what somebody else did.
const CHANGE_PASSWORD: &str = "본인이나 관리자가 한 일이 아니라면 지금 바로 로그인 화면의 \"비밀번호 찾기\"에서 비밀번호를 \
                               새로 정하고 관리자에게 알려 주세요.";

/// Advice where a new password does not help, because this address can no longer reset it.
const TELL_ADMINISTRATOR: &str = "본인이나 관리자가 한 일이 아니라면 지금 바로 관리자에게 알려 주세요.";

pub(super) fn words(message: &Message, when: &str) -> MailWords {
    match message {
        Message::RegistrationCode(_) => with_code(
            "가입 인증 코드",
            "이 이메일 주소로 Rollcall 가입 요청이 접수되었습니다. 계속하려면 아래 코드를 입력하세요.",
            "본인이 요청하지 않았다면 이 메일을 무시하세요. 코드가 없으면 아무도 이 주소로 가입할 수 없습니다.",
        ),
        Message::PasswordResetCode(_) => with_code(
            "비밀번호 재설정 코드",
            "Rollcall 비밀번호 재설정 요청이 접수되었습니다. 새 비밀번호를 정하려면 아래 코드를 입력하세요.",
            "본인이 요청하지 않았다면 이 메일을 무시하세요. 코드가 없으면 비밀번호는 바뀌지 않습니다.",
        ),
        Message::EmailChangeCode(_) => with_code(
            "이메일 주소 확인 코드",
            "이 이메일 주소를 Rollcall에서 사용하려는 요청이 접수되었습니다. 주소를 확인하려면 아래 코드를 입력하세요.",
            "본인이 요청하지 않았다면 이 메일을 무시하세요. 코드가 없으면 이 주소는 사용되지 않습니다.",
        ),
        Message::AddressTaken { login } => notice(
            "이미 사용 중인 이메일 주소입니다",
            format!(
                "{when}에 이 이메일 주소를 Rollcall에 새로 등록하려는 요청이 있었습니다. 이미 사용자 {login} 님의 주소로 \
                 등록되어 있으므로 변경된 내용은 없으며 코드도 보내지 않았습니다."
            ),
            "본인이 요청했다면 해당 사용자로 로그인하세요. 비밀번호를 잊었다면 로그인 화면에서 재설정할 수 \
             있습니다. 본인이 요청하지 않았다면 이 메일을 무시하세요.",
        ),
        Message::PasswordChanged { login } => notice(
            "비밀번호가 변경되었습니다",
            format!("{when}에 사용자 {login} 님의 비밀번호가 변경되었습니다. 다른 세션은 모두 종료되었습니다."),
            CHANGE_PASSWORD,
        ),
        Message::EmailChanged { login } => notice(
            "이메일 주소가 변경되었습니다",
            format!("{when}에 사용자 {login} 님의 이메일 주소가 이 주소에서 다른 주소로 변경되었습니다."),
            TELL_ADMINISTRATOR,
        ),
        Message::EmailUnbound { login } => notice(
            "이메일 주소가 삭제되었습니다",
            format!(
                "{when}에 사용자 {login} 님의 이메일에서 이 주소가 삭제되었습니다. 앞으로 이 주소로는 알림을 보내지 않습니다."
            ),
            TELL_ADMINISTRATOR,
        ),
        Message::TotpEnabled { login } => notice(
            "2단계 인증이 켜졌습니다",
            format!("{when}부터 사용자 {login} 님이 로그인할 때 비밀번호와 함께 인증 앱의 코드가 필요합니다."),
            CHANGE_PASSWORD,
        ),
        Message::TotpDisabled { login } => notice(
            "2단계 인증이 꺼졌습니다",
            format!("{when}부터 사용자 {login} 님은 비밀번호만으로 로그인할 수 있습니다."),
            CHANGE_PASSWORD,
        ),
        Message::RecoveryCodeUsed { login, left } => notice(
            "복구 코드가 사용되었습니다",
            format!(
                "{when}에 사용자 {login} 님의 로그인에 인증 앱 대신 복구 코드가 사용되었습니다. 남은 복구 코드는 \
                 {left}개입니다."
            ),
            CHANGE_PASSWORD,
        ),
        Message::WebhookPaused { url, failing_since } => notice(
            "웹훅이 일시 중지되었습니다",
            format!(
                "{}부터 Rollcall의 웹훅 하나가 이벤트를 받지 못하여 {when}에 일시 중지되었습니다. 사라진 이벤트는 없습니다.",
                super::when(*failing_since)
            ),
            "수신 서버를 복구한 다음 웹훅 화면에서 이벤트를 다시 보내세요.",
        )
        .with_facts([Paragraph::Fact("URL", url.as_str().to_owned())]),
        Message::MembershipEnding { login, team, expires_at } => notice(
            "팀 참여 기간이 곧 끝납니다",
            format!(
                "{}에 아래 팀에서 사용자 {login} 님의 참여 기간이 끝납니다. 그 뒤에는 {login} 님이 이 팀을 보거나 팀에서 \
                 작업할 수 없습니다.",
                super::when(*expires_at)
            ),
            "더 오래 이용해야 한다면 팀 관리자에게 연장을 요청하세요.",
        )
        .with_facts([Paragraph::Fact("팀", team.to_string())]),
        Message::NewDevice { login, address, user_agent } => new_device(login, *address, user_agent.as_deref(), when),
        Message::KeyExpires { login, name, expires_at } => notice(
            "API 키가 곧 만료됩니다",
            format!("사용자 {login}의 API 키 \"{name}\"이(가) {}에 만료됩니다.", super::when(*expires_at)),
            "그 전에 Rollcall에서 키를 교체하고 프로그램에 새 비밀 값을 넣어 주세요. 더 이상 필요하지 않으면 만료되도록 두세요.",
        ),
    }
}

fn new_device(login: &Login, address: Option<IpAddr>, user_agent: Option<&str>, when: &str) -> MailWords {
    let words = notice(
        "새 기기에서 로그인했습니다",
        format!("{when}에 새 기기에서 사용자 {login} 님이 로그인했습니다."),
        CHANGE_PASSWORD,
    );
    let address = address.map(|address| Paragraph::Fact("IP 주소", address.to_string()));
    let browser = user_agent
        .and_then(|agent| Browser::of(agent).describe(|name, system| format!("{name} ({system})")))
        .map(|browser| Paragraph::Fact("브라우저/앱", browser));
    words.with_facts(address.into_iter().chain(browser))
}

fn with_code(subject: &'static str, occasion: &str, otherwise: &str) -> MailWords {
    let use_once = format!(
        "이 코드는 {}분 동안 한 번만 사용할 수 있습니다. 다른 사람에게 알려 주지 마세요. Rollcall은 전화나 메일로 코드를 묻지 \
         않습니다.",
        code_minutes()
    );
    mail(subject, vec![text(occasion), Paragraph::Code, text(use_once), text(otherwise)])
}

fn notice(subject: &'static str, what: String, advice: &str) -> MailWords {
    mail(subject, vec![text(what), text(advice)])
}

fn mail(subject: &'static str, paragraphs: Vec<Paragraph>) -> MailWords {
    MailWords {
        subject, paragraphs, footer: "Rollcall에서 보낸 발신 전용 메일입니다. 회신은 확인하지 않습니다."
    }
}
