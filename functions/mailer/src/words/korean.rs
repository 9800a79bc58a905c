//! Korean.

use rollcall_domain::mail::Message;

use super::{Paragraph, Words, code_minutes, inert, text};

/// For what its owner can mend with a new password.
const IF_NOT_YOU: &str = "본인이 직접 하거나 관리자에게 요청한 일이 아니라면, 지금 바로 로그인 화면의 \"비밀번호 \
                          찾기\"에서 비밀번호를 새로 정하고 관리자에게 알려 주시기 바랍니다.";

/// For what a new password cannot mend, since this address no longer proves anything.
const TELL: &str = "본인이 직접 하거나 관리자에게 요청한 일이 아니라면, 지금 바로 관리자에게 알려 주시기 바랍니다.";

pub(super) fn words(message: &Message, when: &str) -> Words {
    match message {
        Message::RegistrationCode(_) => coded(
            "가입 인증 코드",
            "이 이메일 주소로 Rollcall 가입 요청이 접수되었습니다. 계속하시려면 아래 코드를 입력해 주세요.",
            "본인이 요청하지 않으셨다면 이 메일을 무시하셔도 됩니다. 코드가 없으면 아무도 이 주소로 가입할 수 없습니다.",
        ),
        Message::PasswordResetCode(_) => coded(
            "비밀번호 재설정 코드",
            "Rollcall 비밀번호 재설정 요청이 접수되었습니다. 새 비밀번호를 정하시려면 아래 코드를 입력해 주세요.",
            "본인이 요청하지 않으셨다면 이 메일을 무시하셔도 됩니다. 코드가 없으면 비밀번호는 바뀌지 않습니다.",
        ),
        Message::EmailChangeCode(_) => coded(
            "이메일 주소 확인 코드",
            "이 이메일 주소를 Rollcall에서 사용하려는 요청이 접수되었습니다. 주소를 확인하시려면 아래 코드를 입력해 주세요.",
            "본인이 요청하지 않으셨다면 이 메일을 무시하셔도 됩니다. 코드가 없으면 이 주소는 사용되지 않습니다.",
        ),
        Message::AddressTaken { login } => told(
            "이미 사용 중인 이메일 주소입니다",
            format!(
                "{when}에 이 이메일 주소를 Rollcall에 새로 등록하려는 요청이 있었습니다. 이미 사용자 {login} 님의 주소로 \
                 등록되어 있으므로 변경된 내용은 없으며, 코드도 발송되지 않았습니다."
            ),
            "본인이 요청하셨다면 해당 사용자로 로그인해 주세요. 비밀번호를 잊으셨다면 로그인 화면에서 새로 정하실 수 \
             있습니다. 본인이 요청하지 않으셨다면 이 메일을 무시하셔도 됩니다.",
        ),
        Message::PasswordChanged { login } => told(
            "비밀번호가 변경되었습니다",
            format!(
                "{when}에 사용자 {login} 님의 비밀번호가 변경되었습니다. 다른 곳에서 열려 있던 세션은 모두 종료되었습니다."
            ),
            IF_NOT_YOU,
        ),
        Message::EmailChanged { login } => told(
            "이메일 주소가 변경되었습니다",
            format!("{when}에 사용자 {login} 님의 이메일 주소가 이 주소에서 다른 주소로 변경되었습니다."),
            TELL,
        ),
        Message::EmailUnbound { login } => told(
            "이메일 주소 등록이 해제되었습니다",
            format!(
                "{when}에 사용자 {login} 님의 이메일 주소에서 이 주소의 등록이 해제되었습니다. 앞으로 이 주소로는 알림이 \
                 발송되지 않습니다."
            ),
            TELL,
        ),
        Message::TotpEnabled { login } => told(
            "2단계 인증이 켜졌습니다",
            format!("{when}부터 사용자 {login} 님이 로그인할 때 비밀번호와 함께 인증 앱의 코드가 필요합니다."),
            IF_NOT_YOU,
        ),
        Message::TotpDisabled { login } => told(
            "2단계 인증이 꺼졌습니다",
            format!("{when}부터 사용자 {login} 님은 비밀번호만으로 로그인할 수 있습니다."),
            IF_NOT_YOU,
        ),
        Message::RecoveryCodeUsed { login, left } => told(
            "복구 코드가 사용되었습니다",
            format!(
                "{when}에 사용자 {login} 님의 로그인에 2단계 인증 대신 복구 코드가 사용되었습니다. 남은 복구 코드는 \
                 {left}개입니다."
            ),
            IF_NOT_YOU,
        ),
        Message::NewDevice { login, address, user_agent } => {
            let mut words = told(
                "새 기기에서 로그인했습니다",
                format!("{when}에 처음 보는 기기에서 사용자 {login} 님의 로그인이 있었습니다."),
                IF_NOT_YOU,
            );
            let address = address.map(|address| text(format!("네트워크 주소: {address}")));
            let program =
                user_agent.as_deref().map(|name| text(format!("프로그램(스스로 밝힌 이름): {}", inert(name))));
            words.paragraphs.splice(1..1, address.into_iter().chain(program));
            words
        }
    }
}

fn coded(subject: &'static str, occasion: &str, otherwise: &str) -> Words {
    let use_once = format!(
        "이 코드는 {}분 동안 한 번만 사용할 수 있습니다. 다른 사람에게 알려 주지 마세요. Rollcall은 전화나 메일로 코드를 묻지 \
         않습니다.",
        code_minutes()
    );
    of(subject, vec![text(occasion), Paragraph::Code, text(use_once), text(otherwise)])
}

fn told(subject: &'static str, what: String, advice: &str) -> Words {
    of(subject, vec![text(what), text(advice)])
}

fn of(subject: &'static str, paragraphs: Vec<Paragraph>) -> Words {
    Words {
        subject, paragraphs, footer: "Rollcall에서 보낸 발신 전용 메일입니다. 회신하신 내용은 확인되지 않습니다."
    }
}
