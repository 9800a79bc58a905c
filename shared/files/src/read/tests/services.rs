//! Files of other services, as they export them.

use rstest::rstest;

use super::*;

const PHOTO: &str = "https://img.example.com/m.png";

const AUTH0: [&str; 2] = [
    r#"{"user_id":"auth0|5f7c8ec7c33c6c004bbafe82","email":"mina@example.com","email_verified":true,"nickname":"Mina",
        "name":"mina@example.com","picture":"https://img.example.com/m.png","created_at":"2024-01-02T03:04:05.678Z",
        "identities":[{"provider":"auth0"}],"password_hash":"$2b$10$x"}"#,
    r#"{"user_id":"google-oauth2|1234","email_verified":false,"name":"José","nickname":"","role":"admin"}"#,
];

#[rstest]
fn auth0(#[values(false, true)] is_array: bool) {
    let lines = AUTH0.map(|user| user.replace('\n', ""));
    let text = if is_array { format!("[{}]", AUTH0.join(",\n ")) } else { lines.join("\n") };
    let file = File::read(text.as_bytes());
    assert_eq!(file.recognised.format, if is_array { SourceFormat::Json } else { SourceFormat::Ndjson });
    let expected = [
        json!({"user_id": "5f7c8ec7c33c6c004bbafe82", "nickname": "Mina", "photo_url": PHOTO}),
        json!({"user_id": "1234", "nickname": "José"}),
    ];
    assert_eq!(file.fields(), expected);
    assert_eq!(file.reason("password_hash"), Some(Reason::Secret));
    assert_eq!(file.reason("role"), Some(Reason::OtherMeaning));
    assert_eq!(file.reason("created_at"), Some(Reason::SetByServer));
    assert_eq!(file.reason("email"), Some(Reason::NoField));
    let secret = file.recognised.columns.iter().find(|column| column.name == "password_hash").unwrap();
    assert!(secret.samples.is_empty());
}

#[test]
fn auth0_csv() {
    let text = "Id,Given Name,Family Name,Nickname,Name,Email,Email Verified,Picture,Created At\n\
        'auth0|5f7c,'Mina,'Park,',''t Hooft,'mina@example.com,true,'https://img.example.com/m.png,'2024-01-02\n";
    let file = File::read(text.as_bytes());
    let expected = json!({"user_id": "5f7c", "nickname": "'t Hooft", "photo_url": "https://img.example.com/m.png"});
    assert_eq!(file.fields(), [expected]);
}

/// Whoever exports chooses the columns.
#[rstest]
#[case("Id,Name,Email\n'auth0|5f7c,'Mina,'mina@example.com\n", "Mina")]
#[case("Name,Email,Id\n''t Hooft,'mina@example.com,'google-oauth2|5f7c\n", "'t Hooft")]
#[case("user_id;name;role\nauth0|5f7c;'t Hooft;admin\n", "'t Hooft")]
#[case(r#"{"Id": "samlp|5f7c", "Name": "Mina", "Email": "mina@example.com"}"#, "Mina")]
fn auth0_with_few_columns(#[case] text: &str, #[case] nickname: &str) {
    let file = File::read(text.as_bytes());
    assert_eq!(file.fields(), [json!({"user_id": "5f7c", "nickname": nickname})]);
    let other = if text.contains("role") { ("role", Reason::OtherMeaning) } else { ("Email", Reason::NoField) };
    assert_eq!(file.reason(other.0), Some(other.1));
}

#[test]
fn okta() {
    let text = "login,firstName,lastName,middleName,email,title,displayName,nickName,locale\r\n\
        mina.park@example.com,Mina,Park,,mina.park@example.com,,Mina Park,,en\r\n\
        a.very.long.address.of.somebody@mail.example.com,A,B,,,,Somebody,Some,ko\r\n";
    let file = File::read(text.as_bytes());
    let expected = [
        json!({"user_id": "mina.park", "nickname": "Mina Park"}),
        json!({"user_id": "a.very.long.address.of.somebody", "nickname": "Some"}),
    ];
    assert_eq!(file.fields(), expected);
    let text = "login,firstName,displayName\r\nmina@example.com,Mina,Mina\r\n";
    assert_eq!(File::read(text.as_bytes()).fields(), [json!({"user_id": "mina@example.com", "nickname": "Mina"})]);
}

#[test]
fn clerk() {
    let text = "id,first_name,last_name,username,primary_email_address,totp_secret,password_digest,password_hasher\n\
        user_2abcdefghijklmnopqrstuvwxyz,Mina,Park,mina,mina@example.com,JBSWY3DP,$2b$10$x,bcrypt\n\
        user_2bbcdefghijklmnopqrstuvwxyz,하은,김,,,,,\n";
    let file = File::read(text.as_bytes());
    let expected = [
        json!({"user_id": "user_2abcdefghijklmnopqrstuvwxyz", "nickname": "Mina Park"}),
        json!({"user_id": "user_2bbcdefghijklmnopqrstuvwxyz", "nickname": "김하은"}),
    ];
    assert_eq!(file.fields(), expected);
    for name in ["totp_secret", "password_digest", "password_hasher"] {
        assert_eq!(file.reason(name), Some(Reason::Secret), "{name}");
    }
}

#[test]
fn cognito() {
    let text = "name,given_name,nickname,picture,gender,birthdate,locale,updated_at,cognito:mfa_enabled,\
        cognito:username\n\
        Mina Park,Mina,,not a url,Female,05/17/1994,ko,1700000000,false,019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21\n\
        Al,,Ali,,other,spring,,,false,ali\n\
        Bo,,,,,1994-05-17,,,true,bo\n";
    let file = File::read(text.as_bytes());
    let expected = [
        json!({
            "user_id": "019aa0c47e007c3a9d526b1f0a8e4d21", "nickname": "Mina Park", "gender": "female",
            "birth_date": "1994-05-17",
        }),
        json!({"user_id": "ali", "nickname": "Ali"}),
        json!({"user_id": "bo", "nickname": "Bo", "birth_date": "1994-05-17"}),
    ];
    assert_eq!(file.fields(), expected);
}

#[test]
fn firebase_csv() {
    let text = format!(
        "abcDEF123,mina@example.com,true,aGFzaA==,c2FsdA==,\"Park, Mina\",{PHOTO}{},1700000000000,1700000000001,\
         +8210,false,\"{{\"\"a\"\":1}}\",\n\
         x2,,false,,,{},1700000000000,,,,,\n",
        ",".repeat(16),
        ",".repeat(17),
    );
    let file = File::read(text.as_bytes());
    assert!(!file.recognised.has_header);
    let expected = [
        json!({"user_id": "abcDEF123", "nickname": "Park, Mina", "photo_url": "https://img.example.com/m.png"}),
        json!({"user_id": "x2"}),
    ];
    assert_eq!(file.fields(), expected);
    assert_eq!(file.reason("passwordHash"), Some(Reason::Secret));
    assert_eq!(file.records[0].0.line, 1);
}

#[test]
fn firebase_json() {
    let text = r#"{"users": [
{
  "localId": "abcDEF123",
  "email": "mina@example.com",
  "passwordHash": "aGFzaA==",
  "salt": "c2FsdA==",
  "displayName": "Mina",
  "photoUrl": "https://img.example.com/m.png",
  "providerUserInfo": [{"providerId": "google.com"}]
},
{
  "localId": "x2"
}]}"#;
    let file = File::read(text.as_bytes());
    let expected = [
        json!({"user_id": "abcDEF123", "nickname": "Mina", "photo_url": "https://img.example.com/m.png"}),
        json!({"user_id": "x2"}),
    ];
    assert_eq!(file.fields(), expected);
    assert_eq!(file.reason("salt"), Some(Reason::Secret));
}

#[test]
fn keycloak() {
    let text = r#"{
  "id" : "northwind", "realm" : "northwind", "roles" : {"realm" : [{"name" : "users"}]},
  "users" : [ {
    "id" : "0b0c", "username" : "mina", "enabled" : true, "firstName" : "Mina", "lastName" : "Park",
    "credentials" : [ {"type" : "password", "secretData" : "{\"value\":\"x\"}"} ], "realmRoles" : [ "admin" ]
  }, { "id" : "0b0d", "username" : "haeun", "enabled" : true, "firstName" : "하은", "lastName" : "김" } ],
  "clients" : []
}"#;
    let file = File::read(text.as_bytes());
    let expected =
        [json!({"user_id": "mina", "nickname": "Mina Park"}), json!({"user_id": "haeun", "nickname": "김하은"})];
    assert_eq!(file.fields(), expected);
    assert_eq!(file.reason("credentials"), Some(Reason::Secret));
}

#[test]
fn supabase_csv() {
    let text = "instance_id,id,aud,role,email,encrypted_password,raw_user_meta_data,created_at\n\
        0,019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21,authenticated,authenticated,a@example.com,$2a$10$x,\
        \"{\"\"full_name\"\": \"\"Mina Park\"\", \
        \"\"avatar_url\"\": \"\"https://img.example.com/m.png\"\"}\",2024-01-02\n\
        0,019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d22,authenticated,authenticated,,,{},2024-01-02\n";
    let file = File::read(text.as_bytes());
    let expected = [
        json!({"user_id": "019aa0c47e007c3a9d526b1f0a8e4d21", "nickname": "Mina Park", "photo_url": PHOTO}),
        json!({"user_id": "019aa0c47e007c3a9d526b1f0a8e4d22"}),
    ];
    assert_eq!(file.fields(), expected);
    assert_eq!(file.reason("role"), Some(Reason::OtherMeaning));
    assert_eq!(file.reason("encrypted_password"), Some(Reason::Secret));
}

#[test]
fn supabase_json() {
    let text = r#"[{"id": "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21", "aud": "authenticated",
        "raw_user_meta_data": {"avatar_url": null, "full_name": "Mina Park"}}]"#;
    let expected = json!({"user_id": "019aa0c47e007c3a9d526b1f0a8e4d21", "nickname": "Mina Park"});
    assert_eq!(File::read(text.as_bytes()).fields(), [expected]);
}

#[test]
fn the_chat_product() {
    let file = File::read(br#"{"Accounts":["mina","haeun"]}"#);
    assert_eq!(file.fields(), [json!({"user_id": "mina"}), json!({"user_id": "haeun"})]);
    let text = r#"{"AccountList": [{"UserID": "mina", "Nick": "Mina", "FaceUrl": "https://img.example.com/m.png"}]}"#;
    let expected = json!({"user_id": "mina", "nickname": "Mina", "photo_url": "https://img.example.com/m.png"});
    assert_eq!(File::read(text.as_bytes()).fields(), [expected]);
}
