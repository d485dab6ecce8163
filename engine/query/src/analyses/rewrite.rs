//! The other ways to write an analysis' query: `hotspots('SELECT …')` and `hotspots(noise)` become `hotspots((SELECT …))` before
//! the tables of a statement are looked up.

use std::ops::ControlFlow;

use datafusion::error::{DataFusionError, Result};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, ObjectName, Query, TableFactor, Value, VisitMut,
    VisitorMut,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;

use super::planner::called;
use crate::size::{OPERATORS_MAX, check_size};

/// Writes the queries among the arguments of every analysis as subqueries.
///
/// # Errors
/// A text that is no query.
pub(crate) fn queries_as_subqueries(statement: &mut Statement) -> Result<()> {
    let done = match statement {
        Statement::Statement(statement) => statement.visit(&mut Rewrite::default()),
        Statement::Explain(explain) => return queries_as_subqueries(&mut explain.statement),
        _ => return Ok(()),
    };
    match done {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(*error),
    }
}

/// Counts the tables on its way: they are joined one by one, into a plan as deep as they are many.
#[derive(Default)]
struct Rewrite {
    tables: usize,
}

impl VisitorMut for Rewrite {
    type Break = Box<DataFusionError>;

    fn pre_visit_table_factor(&mut self, relation: &mut TableFactor) -> ControlFlow<Self::Break> {
        self.tables += 1;
        if self.tables > OPERATORS_MAX {
            let message = format!("the SQL has more than {OPERATORS_MAX} tables");
            return ControlFlow::Break(Box::new(DataFusionError::Plan(message)));
        }
        let Some(analysis) = called(relation) else {
            return ControlFlow::Continue(());
        };
        let TableFactor::Table {
            args: Some(arguments),
            ..
        } = relation
        else {
            return ControlFlow::Continue(());
        };
        for (place, argument) in arguments.args.iter_mut().enumerate() {
            let query = match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(first)) if place == 0 => first,
                FunctionArg::Named {
                    name,
                    arg: FunctionArgExpr::Expr(value),
                    ..
                } if is_query(analysis, name) => value,
                FunctionArg::ExprNamed {
                    name: Expr::Identifier(name),
                    arg: FunctionArgExpr::Expr(value),
                    ..
                } if is_query(analysis, name) => value,
                _ => continue,
            };
            match subquery(query) {
                Ok(Some(subquery)) => *query = Expr::Subquery(Box::new(subquery)),
                Ok(None) => {}
                Err(error) => return ControlFlow::Break(Box::new(error)),
            }
        }
        ControlFlow::Continue(())
    }
}

/// Is the argument of this name a query?
fn is_query(analysis: &dyn super::Analysis, name: &Ident) -> bool {
    analysis
        .queries()
        .contains(&name.value.to_lowercase().as_str())
}

/// The query that a text or a name stands for.
fn subquery(argument: &Expr) -> Result<Option<Query>> {
    let text = match argument {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => text.clone(),
            _ => return Ok(None),
        },
        Expr::Identifier(name) => format!("SELECT * FROM {}", ObjectName::from(vec![name.clone()])),
        _ => return Ok(None),
    };
    check_size(&text).map_err(|error| DataFusionError::Plan(error.to_string()))?;
    let parsed = Parser::new(&GenericDialect {})
        .try_with_sql(&text)
        .and_then(|mut parser| {
            let query = parser.parse_query()?;
            parser.expect_token(&datafusion::sql::sqlparser::tokenizer::Token::EOF)?;
            Ok(*query)
        });
    parsed
        .map(Some)
        .map_err(|error| DataFusionError::SQL(Box::new(error), None))
}
