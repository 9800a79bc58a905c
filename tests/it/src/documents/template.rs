//! What the template lets an operator set, and what the operator's page says of it.

use std::collections::BTreeSet;

use super::text;

/// Variables that no function needs on AWS, and why.
const NOT_ON_AWS: [(&str, &str); 4] = [
    ("MASTER_KEY_FILE", "the key is in a secret"),
    ("SMTP_URL", "mails go through Amazon SES"),
    ("WEBHOOK_LOOPBACK", "there is no machine on which somebody would try webhooks"),
    ("TLS_ROOTS", "the services of AWS have Amazon's roots"),
];

/// The names in the first column of the README's table of variables.
fn variables(readme: &str) -> Vec<&str> {
    let rows = readme.split("| Variable | Meaning |").nth(1).unwrap().lines().skip(2);
    rows.take_while(|row| row.starts_with('|')).filter_map(|row| row.split('|').nth(1)).flat_map(names_in).collect()
}

/// The names in backticks.
fn names_in(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn the_template_sets_every_variable_that_functions_need() {
    let (readme, template) = (text("README.md"), text("template.yaml"));
    let names = variables(&readme);
    assert!(names.len() > 15, "{names:?}");
    for name in names {
        let is_set = template.lines().any(|line| line.trim_start().starts_with(&format!("{name}: ")));
        let is_left_out = NOT_ON_AWS.iter().any(|(left_out, _)| *left_out == name);
        assert_ne!(is_set, is_left_out, "{name} is either set by template.yaml or in NOT_ON_AWS with its reason");
    }
}

#[test]
fn every_parameter_is_described_and_in_a_group() {
    let template = text("template.yaml");
    let section = |name: &str| {
        let rest = template.split(&format!("\n{name}:\n")).nth(1).unwrap();
        rest.lines().take_while(|line| line.is_empty() || line.starts_with(' ')).collect::<Vec<_>>().join("\n")
    };
    let (parameters, groups) = (section("Parameters"), section("Metadata"));
    // A name has two spaces before it, its properties have more.
    let marked = parameters.replace("\n    ", "\n\t");
    let mut found = 0;
    for parameter in marked.split("\n  ") {
        let (name, properties) = parameter.trim_start().split_once(':').unwrap();
        assert!(properties.contains("Description:"), "{name} has no description");
        let bounds = ["AllowedValues", "AllowedPattern", "MinValue"];
        assert!(bounds.iter().any(|bound| properties.contains(bound)), "{name} takes anything");
        assert_eq!(
            groups.lines().filter(|line| line.trim() == format!("- {name}")).count(),
            1,
            "{name} is in no group"
        );
        found += 1;
    }
    assert!(found >= 20, "{found}");
}

#[test]
fn the_operators_page_says_what_to_do_about_every_alarm() {
    let (alarms, page) = (text("infra/alarms.yaml"), text("infra/operations.md"));
    let lines: Vec<_> = alarms.lines().collect();
    let is_alarm = |pair: &&[&str]| pair[1] == "    Type: AWS::CloudWatch::Alarm";
    let defined = lines.windows(2).filter(is_alarm).map(|pair| pair[0].trim().trim_end_matches(':'));
    let defined: BTreeSet<_> = defined.collect();
    let rows = page.split("| Alarm | What to do |").nth(1).unwrap().lines().skip(2);
    let rows = rows.take_while(|row| row.starts_with('|')).filter_map(|row| row.split('|').nth(1));
    assert_eq!(rows.flat_map(names_in).collect::<BTreeSet<_>>(), defined);
}

#[test]
fn the_operators_page_uses_outputs_that_the_template_has() {
    let (page, template) = (text("infra/operations.md"), text("template.yaml"));
    let outputs = template.split("\nOutputs:\n").nth(1).unwrap();
    let used: Vec<_> = page
        .split("(output ")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .map(|name| name.trim_matches('`'))
        .collect();
    assert!(used.len() >= 3, "{used:?}");
    for name in used {
        assert!(outputs.contains(&format!("\n  {name}:\n")) || outputs.starts_with(&format!("  {name}:\n")), "{name}");
    }
}
