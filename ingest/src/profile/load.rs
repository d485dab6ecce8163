//! Reading and checking profiles.

use std::{fs, path::Path, sync::Arc};

use toml::{Table, Value};

use super::{Field, FieldRule, Profile, ProfileError, RecordKind, Rules, SHIPPED, Undated};
use crate::decode::TimeForm;

/// The key that names the profile whose keys are taken over where this one says nothing.
const BASE: &str = "base";

impl Profile {
    /// The profile of that name: a shipped one, or a file whose path ends in `.toml`. A file may name a shipped profile as its
    /// `base`: then it is that one with the keys of the file in their place, table by table.
    ///
    /// # Errors
    /// A [`ProfileError`] in one line; for an unknown name it lists the shipped ones.
    pub fn load(name: &str) -> Result<Arc<Self>, ProfileError> {
        if let Some((name, text)) = shipped(name) {
            return Self::parse(name, text).map(Arc::new);
        }
        let path = Path::new(name);
        if path.extension().is_none_or(|extension| extension != "toml") {
            return Err(ProfileError::Unknown {
                name: name.to_owned(),
            });
        }
        let text = fs::read_to_string(path).map_err(|source| ProfileError::Io {
            path: path.to_owned(),
            source,
        })?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let mut profile = Self::parse(&stem, &text)?;
        // A replay finds the profile by this name.
        profile.source.get_or_insert_with(|| stem.into_owned());
        name.clone_into(&mut profile.name);
        Ok(Arc::new(profile))
    }

    /// Reads a profile from its text.
    ///
    /// # Errors
    /// A [`ProfileError`] in one line.
    pub fn parse(name: &str, text: &str) -> Result<Self, ProfileError> {
        let own = table(name, text)?;
        let mut profile: Self = if own.contains_key(BASE) {
            let merged = based(name, own)?;
            merged
                .try_into()
                .map_err(|error: toml::de::Error| form(name, "", &error))?
        } else {
            // From the text itself, so that a fault has its line.
            toml::from_str(text).map_err(|error| form(name, text, &error))?
        };
        name.clone_into(&mut profile.name);
        if profile.fields.is_empty() {
            profile.has_native_names = true;
            profile.take_native_names();
        }
        profile.check()?;
        Ok(profile)
    }

    /// Each field is the column of its own name; a caller's name and number are personal.
    fn take_native_names(&mut self) {
        for field in Field::of(self.record) {
            let rule = FieldRule {
                column: Some(field.as_str().to_owned()),
                ..FieldRule::default()
            };
            self.fields.insert(*field, Rules(vec![rule]));
        }
        if self.record == RecordKind::Complaint {
            self.personal.push("caller".to_owned());
        }
    }

    /// Do the parts fit together?
    fn check(&self) -> Result<(), ProfileError> {
        let refuse = |message: String| Err(rule(&self.name, message));
        let fields = Field::of(self.record);
        for (field, rules) in &self.fields {
            let name = field.as_str();
            if !fields.contains(field) {
                return refuse(format!("this record has no field {name}"));
            }
            if rules.0.is_empty() || (rules.0.len() > 1 && *field != Field::Tags) {
                return refuse(format!("{name} needs exactly one rule"));
            }
            for made in &rules.0 {
                if made.ways() != 1 {
                    return refuse(format!(
                        "{name} needs exactly one of column, any, join, value, hash and parts"
                    ));
                }
                if made.parts.is_some() && !field.is_time() {
                    return refuse(format!("{name} is no time: it cannot be made from parts"));
                }
            }
        }
        let observed = self.record == RecordKind::Observation;
        let melts = !self.melt.is_empty() || !self.spread.is_empty();
        if !observed && (self.datastream.is_some() || melts) {
            return refuse("datastream, melt and spread are for observations".to_owned());
        }
        for field in Field::required(self.record) {
            let made_otherwise = match field {
                Field::Datastream => self.datastream.is_some(),
                Field::Result => melts,
                Field::PhenomenonTime => self.undated == Undated::Received,
                _ => false,
            };
            if !made_otherwise && !self.fields.contains_key(field) {
                return refuse(format!("the field {} is required", field.as_str()));
            }
        }
        let placed = [Field::Lon, Field::Lat].map(|field| self.fields.contains_key(&field));
        if placed[0] != placed[1] {
            return refuse("lon and lat go together".to_owned());
        }
        if (placed[0] || !self.sensor.is_empty()) && self.position.is_none() {
            return refuse("[position] with crs is required where there are positions".to_owned());
        }
        if self.delimiter.is_some_and(|c| !c.is_ascii()) {
            return refuse("the delimiter must be an ASCII character".to_owned());
        }
        for form in &self.times {
            if TimeForm::parse(form).is_none() {
                return refuse(format!("\"{form}\" is no form of time"));
            }
        }
        Ok(())
    }
}

fn shipped(name: &str) -> Option<(&'static str, &'static str)> {
    SHIPPED.into_iter().find(|(shipped, _)| *shipped == name)
}

fn table(name: &str, text: &str) -> Result<Table, ProfileError> {
    text.parse().map_err(|error| form(name, text, &error))
}

/// The table of a profile laid over that of its base, and of the base's own base.
fn based(name: &str, mut own: Table) -> Result<Table, ProfileError> {
    let base = match own.remove(BASE) {
        None => return Ok(own),
        Some(Value::String(base)) => base,
        Some(_) => return Err(rule(name, "base must be the name of a shipped profile")),
    };
    let Some((base, text)) = shipped(&base) else {
        return Err(ProfileError::Unknown { name: base });
    };
    let mut merged = based(base, table(base, text)?)?;
    overlay(&mut merged, own);
    Ok(merged)
}

/// Puts the keys of `over` in place of those of `under`; tables are merged, everything else is replaced.
fn overlay(under: &mut Table, over: Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Table(under)), Value::Table(over)) => overlay(under, over),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

fn form(name: &str, text: &str, error: &toml::de::Error) -> ProfileError {
    let before = error.span().and_then(|span| text.get(..span.start));
    ProfileError::Form {
        name: name.to_owned(),
        line: before.map(|before| before.matches('\n').count() + 1),
        message: error.message().lines().collect::<Vec<_>>().join(" "),
    }
}

fn rule(name: &str, message: impl Into<String>) -> ProfileError {
    ProfileError::Rule {
        name: name.to_owned(),
        message: message.into(),
    }
}
