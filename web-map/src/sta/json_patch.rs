//! JSON Patch (RFC 6902), as some clients send their changes.

use serde_json::Value;

use super::StaError;

/// Most steps of one patch.
const STEPS_MAX: usize = 1_000;

/// Changes a document step by step.
///
/// # Errors
/// A step that cannot be done, or a `test` that does not hold: nothing is changed then, for the document is the caller's copy.
pub(super) fn apply(document: &mut Value, steps: &[Value]) -> Result<(), StaError> {
    if steps.len() > STEPS_MAX {
        return Err(StaError::new(
            413,
            format!("a patch has at most {STEPS_MAX} steps"),
        ));
    }
    for step in steps {
        let text = |name: &str| step.get(name).and_then(Value::as_str);
        let needed = |name: &'static str| {
            text(name)
                .ok_or_else(|| StaError::bad(format!("a step of a patch must have \"{name}\"")))
        };
        let value = || {
            let value = step.get("value").cloned();
            value.ok_or_else(|| StaError::bad("a step of a patch must have \"value\""))
        };
        let (op, path) = (needed("op")?, needed("path")?);
        match op {
            "add" => add(document, path, value()?)?,
            "replace" => {
                *found(document, path)? = value()?;
            }
            "remove" => {
                remove(document, path)?;
            }
            "move" => {
                let moved = remove(document, needed("from")?)?;
                add(document, path, moved)?;
            }
            "copy" => {
                let copied = found(document, needed("from")?)?.clone();
                add(document, path, copied)?;
            }
            "test" => {
                if *found(document, path)? != value()? {
                    return Err(StaError::new(
                        409,
                        format!("\"{path}\" is not what the patch expects"),
                    ));
                }
            }
            op => return Err(StaError::bad(format!("a patch knows no \"{op}\""))),
        }
    }
    Ok(())
}

fn missing(path: &str) -> StaError {
    StaError::bad(format!("there is no \"{path}\" to be patched"))
}

fn found<'d>(document: &'d mut Value, path: &str) -> Result<&'d mut Value, StaError> {
    document.pointer_mut(path).ok_or_else(|| missing(path))
}

/// What holds the end of a path, and the end itself.
fn holder<'d>(document: &'d mut Value, path: &str) -> Result<(&'d mut Value, String), StaError> {
    let (before, last) = path.rsplit_once('/').ok_or_else(|| missing(path))?;
    let last = last.replace("~1", "/").replace("~0", "~");
    Ok((found(document, before)?, last))
}

fn add(document: &mut Value, path: &str, value: Value) -> Result<(), StaError> {
    let (holder, last) = holder(document, path)?;
    match holder {
        Value::Object(members) => {
            members.insert(last, value);
        }
        Value::Array(items) if last == "-" => items.push(value),
        Value::Array(items) => {
            let at = last.parse::<usize>().ok().filter(|at| *at <= items.len());
            items.insert(at.ok_or_else(|| missing(path))?, value);
        }
        _ => return Err(missing(path)),
    }
    Ok(())
}

fn remove(document: &mut Value, path: &str) -> Result<Value, StaError> {
    let (holder, last) = holder(document, path)?;
    let removed = match holder {
        Value::Object(members) => members.shift_remove(&last),
        Value::Array(items) => {
            let at = last.parse::<usize>().ok().filter(|at| *at < items.len());
            at.map(|at| items.remove(at))
        }
        _ => None,
    };
    removed.ok_or_else(|| missing(path))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_step_of_the_standard_does_what_it_says() {
        let mut document = json!({"a": {"b": [1, 2]}, "c/d": 1});
        let steps = json!([
            {"op": "test", "path": "/a/b/1", "value": 2},
            {"op": "add", "path": "/a/b/1", "value": 7},
            {"op": "add", "path": "/a/b/-", "value": 9},
            {"op": "copy", "from": "/a/b/0", "path": "/e"},
            {"op": "move", "from": "/c~1d", "path": "/f"},
            {"op": "replace", "path": "/e", "value": null},
            {"op": "remove", "path": "/a/b/0"},
        ]);
        apply(&mut document, steps.as_array().unwrap()).unwrap();
        assert_eq!(document, json!({"a": {"b": [7, 2, 9]}, "e": null, "f": 1}));
        for wrong in [
            json!({"op": "test", "path": "/f", "value": 2}),
            json!({"op": "remove", "path": "/x"}),
            json!({"op": "add", "path": "/a/b/9", "value": 1}),
            json!({"op": "add", "path": "/f/x", "value": 1}),
            json!({"op": "add", "path": "x", "value": 1}),
            json!({"op": "add", "path": "/x"}),
            json!({"op": "sing", "path": "/x"}),
            json!(7),
        ] {
            assert!(apply(&mut document, &[wrong]).is_err());
        }
    }
}
