//! How long a statement may be. A chain of operators is read as a tree as deep as the chain is long, and deep trees are walked by
//! recursion: what overflows a thread's stack ends the whole process, so a statement is measured before anybody reads it. And a constant of
//! a plan is repeated for each row of a batch, so a long one must stand alone.

use datafusion::arrow::array::Array;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use crate::QueryError;

/// Most operators and keywords of a statement, and most tables that it joins.
pub(crate) const OPERATORS_MAX: usize = 1_000;

/// Most bytes of a constant in a plan over many rows.
const CONSTANT_BYTES_MAX: usize = 65_536;

/// # Errors
/// When a constant is too long for a plan over many rows.
pub(crate) fn check_constants(plan: &LogicalPlan) -> Result<(), DataFusionError> {
    plan.apply_with_subqueries(|node| {
        let is_one_row = node
            .inputs()
            .iter()
            .all(|input| matches!(input, LogicalPlan::EmptyRelation(_)));
        if is_one_row && !node.inputs().is_empty() {
            return Ok(TreeNodeRecursion::Continue);
        }
        node.apply_expressions(|expression| {
            expression.apply(|part| match part {
                Expr::Literal(value, _) if bytes(value) > CONSTANT_BYTES_MAX => {
                    let message = format!(
                        "a constant has more than {CONSTANT_BYTES_MAX} bytes, which every row would repeat: put it into a query of its own, \
                         as in FROM (SELECT unnest(…))"
                    );
                    Err(DataFusionError::Plan(message))
                }
                _ => Ok(TreeNodeRecursion::Continue),
            })
        })
    })
    .map(|_done| ())
}

/// The length of a text or a list, in bytes; 0 for what is short by its type.
fn bytes(value: &ScalarValue) -> usize {
    match value {
        ScalarValue::Utf8(Some(text))
        | ScalarValue::LargeUtf8(Some(text))
        | ScalarValue::Utf8View(Some(text)) => text.len(),
        ScalarValue::List(list) => list.get_array_memory_size(),
        ScalarValue::LargeList(list) => list.get_array_memory_size(),
        ScalarValue::FixedSizeList(list) => list.get_array_memory_size(),
        _ => 0,
    }
}

/// # Errors
/// When the statement is too long. What cannot be read at all is left to the parser, which says why.
pub(crate) fn check_size(sql: &str) -> Result<(), QueryError> {
    let Ok(tokens) = Tokenizer::new(&GenericDialect {}, sql).tokenize() else {
        return Ok(());
    };
    let mut before = &Token::LParen;
    let mut operators = 0;
    for token in &tokens {
        if matches!(token, Token::Whitespace(_)) {
            continue;
        }
        // The sign of a number in a list.
        let is_sign = matches!(token, Token::Minus | Token::Plus)
            && matches!(before, Token::Comma | Token::LParen);
        operators += usize::from(deepens(token) && !is_sign);
        before = token;
    }
    if operators <= OPERATORS_MAX {
        return Ok(());
    }
    Err(QueryError::TooLong {
        operators,
        limit: OPERATORS_MAX,
    })
}

/// May a tree become deeper with this token? Names, values and what separates or encloses them do not deepen it; brackets are counted by
/// the parser.
fn deepens(token: &Token) -> bool {
    match token {
        // A quoted word is a name; of the others those that no plan is deeper for.
        Token::Word(word) => {
            word.quote_style.is_none()
                && !matches!(
                    word.keyword,
                    Keyword::NoKeyword
                        | Keyword::NULL
                        | Keyword::TRUE
                        | Keyword::FALSE
                        | Keyword::DATE
                        | Keyword::TIMESTAMP
                        | Keyword::AS
                        | Keyword::ASC
                        | Keyword::DESC
                )
        }
        Token::Number(..)
        | Token::Char(_)
        | Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::DollarQuotedString(_)
        | Token::NationalStringLiteral(_)
        | Token::EscapedStringLiteral(_)
        | Token::HexStringLiteral(_)
        | Token::Comma
        | Token::Whitespace(_)
        | Token::Period
        | Token::Placeholder(_)
        | Token::LParen
        | Token::RParen
        | Token::LBrace
        | Token::RBrace
        | Token::RArrow
        | Token::SemiColon
        | Token::EOF => false,
        // Operators, and the brackets of `a[1][1]`.
        _ => true,
    }
}

#[cfg(test)]
mod tests;
