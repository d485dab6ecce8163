//! From tokens to the tree, by precedence.

use super::expression::Function;
use super::token::{Token, tokens};
use super::{Expression, ODataError, Operator};

/// How deep expressions may be nested.
const DEPTH_MAX: usize = 64;
/// How many operators one expression may have; a long list of values is one `in`.
const OPERATORS_MAX: usize = 1_000;
/// `not` reaches over a comparison: `not a eq b` is `not (a eq b)`.
const NOT: u8 = 3;
const COMPARISON: u8 = 4;

/// Reads an expression of `option` (for messages).
///
/// # Errors
/// An [`ODataError`] that says what could stand where.
pub fn parse_expression(option: &'static str, text: &str) -> Result<Expression, ODataError> {
    let mut parser = Parser {
        option,
        text,
        tokens: tokens(option, text)?,
        at: 0,
        depth: 0,
        operators: 0,
    };
    let expression = parser.binary(0)?;
    if parser.at < parser.tokens.len() {
        return Err(parser.expected("and, or, or the end"));
    }
    Ok(expression)
}

struct Parser<'a> {
    option: &'static str,
    text: &'a str,
    tokens: Vec<(usize, Token)>,
    at: usize,
    depth: usize,
    operators: usize,
}

impl Parser<'_> {
    /// Operands with the operators between them that bind at least as tightly as `least`.
    fn binary(&mut self, least: u8) -> Result<Expression, ODataError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(ODataError::Depth {
                option: self.option,
                max: DEPTH_MAX,
            });
        }
        let mut left = self.operand()?;
        loop {
            if least <= COMPARISON && self.word_is("in") {
                self.at += 1;
                left = Expression::In(Box::new(left), self.list()?);
                continue;
            }
            let Some((operator, tightness)) = self.operator() else {
                break;
            };
            if tightness < least {
                break;
            }
            self.at += 1;
            let right = self.binary(tightness + 1)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
            // A chain leans to the left and is as deep as it is long.
            self.operators += 1;
            if self.operators > OPERATORS_MAX {
                return Err(ODataError::Operators {
                    option: self.option,
                    max: OPERATORS_MAX,
                });
            }
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operand(&mut self) -> Result<Expression, ODataError> {
        let Some((_, token)) = self.tokens.get(self.at).cloned() else {
            return Err(self.expected("a property, a value or a function"));
        };
        self.at += 1;
        match token {
            Token::Literal(literal) => Ok(Expression::Literal(literal)),
            Token::Open => {
                let inner = self.binary(0)?;
                self.close()?;
                Ok(inner)
            }
            Token::Minus => Ok(Expression::Negative(Box::new(self.binary(7)?))),
            Token::Word(word) if word == "not" => Ok(Expression::Not(Box::new(self.binary(NOT)?))),
            Token::Word(word) if Operator::of_word(&word).is_none() && word != "in" => {
                if matches!(self.tokens.get(self.at), Some((_, Token::Open))) {
                    return self.call(&word);
                }
                self.path(&word)
            }
            _ => {
                self.at -= 1;
                Err(self.expected("a property, a value or a function"))
            }
        }
    }

    fn path(&mut self, word: &str) -> Result<Expression, ODataError> {
        let parts: Vec<String> = word.split('/').map(str::to_owned).collect();
        if parts.iter().any(String::is_empty) || parts.len() > DEPTH_MAX {
            self.at -= 1;
            return Err(self.expected("a path such as Datastream/name"));
        }
        Ok(Expression::Path(parts))
    }

    fn call(&mut self, name: &str) -> Result<Expression, ODataError> {
        let Some(&(name, function, fewest, most)) = Function::TABLE
            .iter()
            .find(|(known, ..)| known.eq_ignore_ascii_case(name))
        else {
            let known: Vec<&str> = Function::TABLE.iter().map(|(name, ..)| *name).collect();
            return Err(ODataError::UnknownFunction {
                name: name.to_owned(),
                known: known.join(", "),
            });
        };
        let arguments = self.list()?;
        if !(fewest..=most).contains(&arguments.len()) {
            return Err(ODataError::Arguments {
                name,
                takes: match (fewest, most) {
                    (0, _) => "no",
                    (1, _) => "1",
                    (2, 2) => "2",
                    (2, _) => "2 or 3",
                    _ => "3",
                },
                given: arguments.len(),
            });
        }
        Ok(Expression::Call(function, arguments))
    }

    /// Expressions in brackets, with commas between them.
    fn list(&mut self) -> Result<Vec<Expression>, ODataError> {
        if !matches!(self.tokens.get(self.at), Some((_, Token::Open))) {
            return Err(self.expected("("));
        }
        self.at += 1;
        let mut all = Vec::new();
        if matches!(self.tokens.get(self.at), Some((_, Token::Close))) {
            self.at += 1;
            return Ok(all);
        }
        loop {
            all.push(self.binary(0)?);
            if matches!(self.tokens.get(self.at), Some((_, Token::Comma))) {
                self.at += 1;
                continue;
            }
            self.close()?;
            return Ok(all);
        }
    }

    fn close(&mut self) -> Result<(), ODataError> {
        if matches!(self.tokens.get(self.at), Some((_, Token::Close))) {
            self.at += 1;
            return Ok(());
        }
        Err(self.expected(")"))
    }

    fn word_is(&self, word: &str) -> bool {
        matches!(self.tokens.get(self.at), Some((_, Token::Word(found))) if found == word)
    }

    fn operator(&self) -> Option<(Operator, u8)> {
        match self.tokens.get(self.at) {
            Some((_, Token::Word(word))) => Operator::of_word(word),
            _ => None,
        }
    }

    fn expected(&self, expected: &str) -> ODataError {
        let end = self.text.chars().count();
        ODataError::Syntax {
            option: self.option,
            expected: expected.to_owned(),
            position: self.tokens.get(self.at).map_or(end, |(at, _)| *at),
            text: self.text.to_owned(),
        }
    }
}
