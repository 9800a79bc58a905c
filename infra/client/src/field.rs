//! The fields of operations as options of the command line.

use clap::{Arg, ArgMatches};
use serde_json::{Map, Value};

use crate::shape::Shape;

/// Something that an operation takes: a parameter, or a member of its body.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) shape: Shape,
    pub(crate) is_required: bool,
    pub(crate) description: String,
}

/// Where a request has a field. The help groups options by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
    Body,
}

impl Place {
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::Path => "Path",
            Self::Query => "Query",
            Self::Header => "Headers",
            Self::Body => "Body",
        }
    }
}

impl Field {
    /// The option of this name, with hyphens or underscores.
    ///
    /// Only parameters are required here. What a body needs depends on its alternatives, and the server says it.
    pub(crate) fn option(&self) -> Arg {
        let name = self.name.to_lowercase();
        let shape = self.shape.clone();
        let option = Arg::new(self.name.clone())
            .long(name.replace('_', "-"))
            .alias(name.replace('-', "_"))
            .value_name(self.shape.value_name())
            .value_parser(move |text: &str| shape.value(text))
            .required(self.is_required && self.place != Place::Body)
            .help(self.help());
        if self.shape.is_boolean() { option.num_args(0..=1).default_missing_value("true") } else { option }
    }

    fn help(&self) -> String {
        let description = self.description.replace('\n', " ");
        let required = if self.is_required && self.place == Place::Body { " Required." } else { "" };
        let listed = if self.shape.items.is_empty() { &self.shape.choices } else { &self.shape.items };
        let listed: Vec<&str> = listed.iter().map(String::as_str).filter(|choice| !choice.is_empty()).collect();
        let listed = if listed.is_empty() { String::new() } else { format!(" [{}]", listed.join(", ")) };
        format!("{description}{required}{listed}")
    }
}

/// The values of the options that were given, by the names of their fields.
pub(crate) fn values(fields: &[Field], matches: &ArgMatches) -> Map<String, Value> {
    let given = fields.iter().filter_map(|field| Some((field.name.clone(), matches.get_one(&field.name).cloned()?)));
    given.collect()
}
