//! The credentials and keys of the providers: from a file, from the environment,
//! from a prompt, or the samples of the documentation. Never from the command
//! line, which every user of the machine can read.

use std::collections::HashMap;
use std::env::VarError;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use order_webhooks::{Credentials, Secret};

/// The names, and the samples that the documentation of the crate uses. A real
/// API has none.
const NAMES: [(&str, Option<&str>); 9] = [
    ("MUSEMENT_USERNAME", Some("JohnSmith")),
    ("MUSEMENT_PASSWORD", Some("Swordfish")),
    ("PORTERBUDDY_API_KEY", Some("porterbuddy-api-key")),
    ("BANDWIDTH_USERNAME", Some("bandwidth-user")),
    ("BANDWIDTH_PASSWORD", Some("bandwidth-password")),
    ("BANDWIDTH_SECRET", Some("bandwidth-secret")),
    ("BANDWIDTH_API_USERNAME", None),
    ("BANDWIDTH_API_PASSWORD", None),
    ("BANDWIDTH_API_TOKEN", None),
];

/// For the end of a `--help`.
pub(crate) const HELP: &str = "\
Secrets come from --secrets FILE, else from the environment, else from --prompt, else they
are samples: MUSEMENT_USERNAME, MUSEMENT_PASSWORD, PORTERBUDDY_API_KEY, BANDWIDTH_USERNAME,
BANDWIDTH_PASSWORD, BANDWIDTH_SECRET. They are never taken from the command line, which
every user of the machine can read.";

#[derive(Args)]
pub(crate) struct SecretArgs {
    /// Read secrets from this file: NAME=value, one a line
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// Ask on the terminal for secrets that are set nowhere
    #[arg(long)]
    prompt: bool,
}

/// Where a secret was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Sample,
    Environment,
    File,
    Prompt,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sample => "samples",
            Self::Environment => "environment",
            Self::File => "file",
            Self::Prompt => "prompt",
        })
    }
}

pub(crate) struct Secrets {
    file: HashMap<String, String>,
    prompt: bool,
}

impl Secrets {
    pub(crate) fn open(args: &SecretArgs) -> Result<Self, String> {
        let file = args.secrets.as_deref().map(read).transpose()?.unwrap_or_default();
        Ok(Self { file, prompt: args.prompt })
    }

    pub(crate) fn musement(&self) -> Result<(Credentials, Source), String> {
        self.credentials("MUSEMENT_USERNAME", "MUSEMENT_PASSWORD")
    }

    pub(crate) fn porterbuddy(&self) -> Result<(Secret, Source), String> {
        self.key("PORTERBUDDY_API_KEY")
    }

    pub(crate) fn bandwidth(&self) -> Result<(Credentials, Source), String> {
        self.credentials("BANDWIDTH_USERNAME", "BANDWIDTH_PASSWORD")
    }

    pub(crate) fn v2(&self) -> Result<(Secret, Source), String> {
        self.key("BANDWIDTH_SECRET")
    }

    fn credentials(&self, user: &str, password: &str) -> Result<(Credentials, Source), String> {
        let (username, from) = self.value(user)?;
        let (word, source) = self.value(password)?;
        if (from == Source::Sample) != (source == Source::Sample) {
            let (set, unset) =
                if from == Source::Sample { (password, user) } else { (user, password) };
            return Err(format!("{set} is set and {unset} is not: set both, or neither"));
        }
        let credentials = Credentials::new(&username, &word);
        Ok((credentials.map_err(|error| format!("{user}, {password}: {error}"))?, source))
    }

    fn key(&self, name: &str) -> Result<(Secret, Source), String> {
        let (key, source) = self.value(name)?;
        Ok((Secret::new(key).map_err(|error| format!("{name}: {error}"))?, source))
    }

    /// Bandwidth's credentials, which have to be set: nobody subscribes with samples.
    pub(crate) fn bandwidth_set(&self) -> Result<Credentials, String> {
        match self.bandwidth()? {
            (_, Source::Sample) => Err(nowhere("BANDWIDTH_USERNAME")),
            (credentials, _) => Ok(credentials),
        }
    }

    /// The user of Bandwidth's API.
    pub(crate) fn api_user(&self) -> Result<Credentials, String> {
        Ok(self.credentials("BANDWIDTH_API_USERNAME", "BANDWIDTH_API_PASSWORD")?.0)
    }

    /// The token of Bandwidth's API, if there is one.
    pub(crate) fn api_token(&self) -> Result<Option<Secret>, String> {
        let name = "BANDWIDTH_API_TOKEN";
        let Some((token, _)) = self.set(name)? else { return Ok(None) };
        Secret::new(token).map(Some).map_err(|error| format!("{name}: {error}"))
    }

    /// A value that is set and empty is no sample: it is refused where it is used.
    fn set(&self, name: &str) -> Result<Option<(String, Source)>, String> {
        if let Some(value) = self.file.get(name) {
            return Ok(Some((value.clone(), Source::File)));
        }
        match std::env::var(name) {
            Ok(value) => Ok(Some((value, Source::Environment))),
            Err(VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8")),
            Err(VarError::NotPresent) => Ok(None),
        }
    }

    fn value(&self, name: &str) -> Result<(String, Source), String> {
        if let Some(set) = self.set(name)? {
            return Ok(set);
        }
        if self.prompt {
            let value = rpassword::prompt_password(format!("{name}: "));
            let value = value.map_err(|error| {
                format!("{name} cannot be asked for ({error}): --prompt needs a terminal")
            })?;
            return Ok((value, Source::Prompt));
        }
        let sample = NAMES.iter().find(|(known, _)| *known == name).and_then(|(_, sample)| *sample);
        let sample = sample.ok_or_else(|| nowhere(name))?;
        Ok((sample.to_owned(), Source::Sample))
    }
}

fn nowhere(name: &str) -> String {
    format!("{name} is not set: put it into the environment or a --secrets file, or use --prompt")
}

/// Reads `NAME=value` lines. A value is taken as it is, with its quotes and
/// spaces; a line end of Windows and a byte order mark are no part of it.
fn read(path: &Path) -> Result<HashMap<String, String>, String> {
    let place = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{place}: {error}"))?;
    let mut values = HashMap::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line
            .split_once('=')
            .filter(|(name, _)| NAMES.iter().any(|(known, _)| known == name))
            .ok_or_else(|| format!("{place}: line {number} is not NAME=value with a known NAME"))?;
        if values.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(format!("{place}: line {number} sets {name} again"));
        }
    }
    Ok(values)
}
