//! Paths such as `Things(1)/Datastreams(2)/Observations`.

use std::fmt::Write as _;

use citybrain_model::EntityId;

use super::StaError;
use crate::http::escapes::unescaped;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) id: Option<EntityId>,
}

/// How many steps a path may have.
const STEPS_MAX: usize = 32;

/// Reads a path, as it stands in the address, behind `/sta/v1.1/`.
pub(super) fn steps(path: &str) -> Result<Vec<Step>, StaError> {
    let mut steps = Vec::new();
    let (mut part, mut quoted) = (String::new(), false);
    let decoded = unescaped(path);
    for c in decoded.trim_matches('/').chars().chain(['/']) {
        match c {
            '\'' => {
                quoted = !quoted;
                part.push(c);
            }
            '/' if !quoted => steps.push(step(&std::mem::take(&mut part))?),
            c => part.push(c),
        }
    }
    if quoted || steps.len() > STEPS_MAX {
        return Err(StaError::bad(format!("{path} is no path")));
    }
    Ok(steps)
}

fn step(part: &str) -> Result<Step, StaError> {
    let wrong = || StaError::bad(format!("\"{part}\" is no step of a path"));
    let Some((name, rest)) = part.split_once('(') else {
        if part.is_empty() {
            return Err(wrong());
        }
        return Ok(Step {
            name: part.to_owned(),
            id: None,
        });
    };
    let id = rest.strip_suffix(')').ok_or_else(wrong)?;
    let id = id
        .trim()
        .parse()
        .map_err(|error: citybrain_model::BadEntityId| StaError::bad(error.to_string()))?;
    Ok(Step {
        name: name.to_owned(),
        id: Some(id),
    })
}

/// An id as it stands in a link.
pub(super) fn in_link(id: &EntityId) -> String {
    escaped(&id.to_string(), b"'-_.~,:@!*")
}

/// A text with everything escaped but letters, digits and `kept`.
pub(super) fn escaped(text: &str, kept: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _written = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_within_quotes_is_part_of_the_id() {
        let steps = steps("Things('a%2Fb''c')/Datastreams(7)/Observations/").unwrap();
        assert_eq!(steps.len(), 3);
        assert_eq!(steps[0].id, Some(EntityId::Text("a/b'c".into())));
        assert_eq!(steps[1].id, Some(EntityId::Number(7)));
        let link = in_link(&EntityId::Text("a/b'c".into()));
        assert_eq!(link, "'a%2Fb''c'");
        for wrong in ["Things(", "Things(x)", "Things('a)", "a//b"] {
            assert!(super::steps(wrong).is_err(), "{wrong}");
        }
    }
}
