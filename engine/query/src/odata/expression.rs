//! The tree of a `$filter` or `$orderby` expression.

use chrono::{NaiveDate, NaiveTime};

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// A value.
    Literal(Literal),
    /// A property of the entity or of one that it leads to: `result`, `Datastream/Thing/properties/owner`.
    Path(Vec<String>),
    /// `not`.
    Not(Box<Expression>),
    /// Minus.
    Negative(Box<Expression>),
    /// Two sides.
    Binary(Operator, Box<Expression>, Box<Expression>),
    /// `in`.
    In(Box<Expression>, Vec<Expression>),
    /// A function.
    Call(Function, Vec<Expression>),
}

/// A value in an expression. Instants and durations in µs.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `null`.
    Null,
    /// `true`, `false`.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// `'text'`.
    Text(String),
    /// `2024-06-01T12:00:00+08:00`: µs since 1970, UTC.
    Instant(i64),
    /// `2024-06-01T12:00:00Z/2024-06-01T13:00:00Z`.
    Interval(i64, i64),
    /// `duration'PT1H'`.
    Duration(i64),
    /// `2024-06-01`.
    Date(NaiveDate),
    /// `12:30:00`.
    TimeOfDay(NaiveTime),
    /// `geography'POINT(116.4 39.9)'`: well-known text, longitude first.
    Geometry(String),
}

/// What stands between two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the word of the grammar")]
pub enum Operator {
    Or,
    And,
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
    Add,
    Sub,
    Mul,
    Div,
    Mod,
}

impl Operator {
    /// The operator of this word, and how tightly it binds.
    pub(super) fn of_word(word: &str) -> Option<(Self, u8)> {
        Some(match word {
            "or" => (Self::Or, 1),
            "and" => (Self::And, 2),
            "eq" => (Self::Eq, 4),
            "ne" => (Self::Ne, 4),
            "gt" => (Self::Gt, 4),
            "ge" => (Self::Ge, 4),
            "lt" => (Self::Lt, 4),
            "le" => (Self::Le, 4),
            "add" => (Self::Add, 5),
            "sub" => (Self::Sub, 5),
            "mul" => (Self::Mul, 6),
            "div" => (Self::Div, 6),
            "mod" => (Self::Mod, 6),
            _ => return None,
        })
    }

    /// The comparison with both sides exchanged.
    #[must_use]
    pub const fn flipped(self) -> Self {
        match self {
            Self::Gt => Self::Lt,
            Self::Ge => Self::Le,
            Self::Lt => Self::Gt,
            Self::Le => Self::Ge,
            same => same,
        }
    }

    /// Is it a comparison?
    pub const fn compares(self) -> bool {
        matches!(
            self,
            Self::Eq | Self::Ne | Self::Gt | Self::Ge | Self::Lt | Self::Le
        )
    }
}

/// A function of the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the name of the grammar")]
pub enum Function {
    Substringof,
    Contains,
    Endswith,
    Startswith,
    Length,
    Indexof,
    Substring,
    Tolower,
    Toupper,
    Trim,
    Concat,
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Fractionalseconds,
    Date,
    Time,
    Totaloffsetminutes,
    Now,
    Mindatetime,
    Maxdatetime,
    Before,
    After,
    Meets,
    During,
    Overlaps,
    Starts,
    Finishes,
    Round,
    Floor,
    Ceiling,
    GeoDistance,
    GeoLength,
    GeoIntersects,
    StEquals,
    StDisjoint,
    StTouches,
    StWithin,
    StOverlaps,
    StCrosses,
    StIntersects,
    StContains,
    StRelate,
}

impl Function {
    /// Name, function, fewest and most arguments.
    pub(super) const TABLE: [(&'static str, Self, usize, usize); 46] = [
        ("substringof", Self::Substringof, 2, 2),
        ("contains", Self::Contains, 2, 2),
        ("endswith", Self::Endswith, 2, 2),
        ("startswith", Self::Startswith, 2, 2),
        ("length", Self::Length, 1, 1),
        ("indexof", Self::Indexof, 2, 2),
        ("substring", Self::Substring, 2, 3),
        ("tolower", Self::Tolower, 1, 1),
        ("toupper", Self::Toupper, 1, 1),
        ("trim", Self::Trim, 1, 1),
        ("concat", Self::Concat, 2, 2),
        ("year", Self::Year, 1, 1),
        ("month", Self::Month, 1, 1),
        ("day", Self::Day, 1, 1),
        ("hour", Self::Hour, 1, 1),
        ("minute", Self::Minute, 1, 1),
        ("second", Self::Second, 1, 1),
        ("fractionalseconds", Self::Fractionalseconds, 1, 1),
        ("date", Self::Date, 1, 1),
        ("time", Self::Time, 1, 1),
        ("totaloffsetminutes", Self::Totaloffsetminutes, 1, 1),
        ("now", Self::Now, 0, 0),
        ("mindatetime", Self::Mindatetime, 0, 0),
        ("maxdatetime", Self::Maxdatetime, 0, 0),
        ("before", Self::Before, 2, 2),
        ("after", Self::After, 2, 2),
        ("meets", Self::Meets, 2, 2),
        ("during", Self::During, 2, 2),
        ("overlaps", Self::Overlaps, 2, 2),
        ("starts", Self::Starts, 2, 2),
        ("finishes", Self::Finishes, 2, 2),
        ("round", Self::Round, 1, 1),
        ("floor", Self::Floor, 1, 1),
        ("ceiling", Self::Ceiling, 1, 1),
        ("geo.distance", Self::GeoDistance, 2, 2),
        ("geo.length", Self::GeoLength, 1, 1),
        ("geo.intersects", Self::GeoIntersects, 2, 2),
        ("st_equals", Self::StEquals, 2, 2),
        ("st_disjoint", Self::StDisjoint, 2, 2),
        ("st_touches", Self::StTouches, 2, 2),
        ("st_within", Self::StWithin, 2, 2),
        ("st_overlaps", Self::StOverlaps, 2, 2),
        ("st_crosses", Self::StCrosses, 2, 2),
        ("st_intersects", Self::StIntersects, 2, 2),
        ("st_contains", Self::StContains, 2, 2),
        ("st_relate", Self::StRelate, 3, 3),
    ];
}

impl Expression {
    /// Calls `see` with every path in the tree.
    pub fn paths<'a>(&'a self, see: &mut impl FnMut(&'a [String])) {
        match self {
            Self::Literal(_) => {}
            Self::Path(path) => see(path),
            Self::Not(inner) | Self::Negative(inner) => inner.paths(see),
            Self::Binary(_, left, right) => {
                left.paths(see);
                right.paths(see);
            }
            Self::In(inner, values) => {
                inner.paths(see);
                for value in values {
                    value.paths(see);
                }
            }
            Self::Call(_, arguments) => {
                for argument in arguments {
                    argument.paths(see);
                }
            }
        }
    }

    /// Does it mention no property at all?
    pub fn is_constant(&self) -> bool {
        let mut constant = true;
        self.paths(&mut |_| constant = false);
        constant
    }

    /// The parts that must all be true.
    pub fn conjuncts(self) -> Vec<Self> {
        match self {
            Self::Binary(Operator::And, left, right) => {
                let mut all = left.conjuncts();
                all.extend(right.conjuncts());
                all
            }
            other => vec![other],
        }
    }
}
