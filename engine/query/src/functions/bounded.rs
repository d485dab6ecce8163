//! DataFusion's functions that make much of little, such as `repeat('x', 1000000000)`, within bounds: they are the only ones that a few
//! words can make fill a machine's memory, which nobody counts while a function works.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{
    DataType, FieldRef, Int64Type, IntervalMonthDayNanoType, IntervalUnit, TimeUnit,
};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

use super::FunctionError;

/// Most characters, or elements of lists, that one call makes for a batch of rows: 2,048 for each of its 8,192 rows.
const MADE_MAX: f64 = 16_777_216.0;

/// The function itself, or the same within bounds if it is one of those that need them.
pub(super) fn bounded(function: Arc<ScalarUDF>) -> Arc<ScalarUDF> {
    let (name, makes) = match function.name() {
        "repeat" => ("repeat", Makes::Times),
        "lpad" => ("lpad", Makes::Second),
        "rpad" => ("rpad", Makes::Second),
        "array_repeat" => ("array_repeat", Makes::Second),
        "array_resize" => ("array_resize", Makes::Second),
        "range" => ("range", Makes::Steps),
        "generate_series" => ("generate_series", Makes::Steps),
        _ => return function,
    };
    Arc::new(ScalarUDF::new_from_impl(Bounded {
        name,
        makes,
        inner: function,
    }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Bounded {
    name: &'static str,
    makes: Makes,
    inner: Arc<ScalarUDF>,
}

/// How much a row makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Makes {
    /// The first argument as often as the second says.
    Times,
    /// What the second argument says.
    Second,
    /// The steps of the third argument (1) from the first (0) to the second.
    Steps,
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arg_types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.inner.return_field_from_args(args)
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(arg_types)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let made: f64 = match self.makes {
            Makes::Times => {
                let times = numbers(&args.args, 1, args.number_rows)?;
                let lengths = lengths(&args.args, args.number_rows)?;
                let rows = lengths.iter().zip(times);
                rows.map(|(length, times)| length * times.max(0.0)).sum()
            }
            Makes::Second => {
                let second = numbers(&args.args, 1, args.number_rows)?;
                second.into_iter().map(|number| number.max(0.0)).sum()
            }
            Makes::Steps => steps(&args.args, args.number_rows)?,
        };
        if made > MADE_MAX {
            return Err(FunctionError::TooMuch {
                function: self.name,
                limit: MADE_MAX,
            }
            .into());
        }
        self.inner.invoke_with_args(args)
    }
}

/// An argument as whole numbers, 0 where it is none; dates and instants in microseconds.
fn numbers(arguments: &[ColumnarValue], at: usize, rows: usize) -> Result<Vec<f64>> {
    let Some(argument) = arguments.get(at) else {
        return Ok(vec![0.0; rows]);
    };
    let mut column = argument.to_array(rows)?;
    if matches!(
        column.data_type(),
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, _)
    ) {
        column = lenient(&column, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
    }
    if let DataType::Interval(_) = column.data_type() {
        let interval = DataType::Interval(IntervalUnit::MonthDayNano);
        let column = lenient(&column, &interval)?;
        let column = column.as_primitive::<IntervalMonthDayNanoType>();
        #[expect(clippy::cast_precision_loss, reason = "a bound need not be exact")]
        let micros = column.iter().map(|interval| {
            interval.map_or(0.0, |interval| {
                let days = f64::from(interval.months) * 28.0 + f64::from(interval.days);
                days * 86_400e6 + interval.nanoseconds as f64 / 1e3
            })
        });
        return Ok(micros.collect());
    }
    let column = lenient(&column, &DataType::Int64)?;
    let column = column.as_primitive::<Int64Type>();
    #[expect(clippy::cast_precision_loss, reason = "a bound need not be exact")]
    let numbers = column
        .iter()
        .map(|number| number.map_or(0.0, |number| number as f64));
    Ok(numbers.collect())
}

/// What cannot be read becomes NULL: the function itself will say what is wrong with it.
fn lenient(column: &ArrayRef, data_type: &DataType) -> Result<ArrayRef> {
    let options = CastOptions {
        safe: true,
        ..CastOptions::default()
    };
    Ok(cast_with_options(column, data_type, &options)?)
}

/// Bytes of the first argument's texts.
fn lengths(arguments: &[ColumnarValue], rows: usize) -> Result<Vec<f64>> {
    let Some(argument) = arguments.first() else {
        return Ok(vec![0.0; rows]);
    };
    let texts = lenient(&argument.to_array(rows)?, &DataType::LargeUtf8)?;
    let texts = texts.as_string::<i64>();
    #[expect(clippy::cast_precision_loss, reason = "a bound need not be exact")]
    let lengths = texts
        .iter()
        .map(|text| text.map_or(0.0, |text| text.len() as f64));
    Ok(lengths.collect())
}

fn steps(arguments: &[ColumnarValue], rows: usize) -> Result<f64> {
    let (from, to) = if arguments.len() == 1 {
        (vec![0.0; rows], numbers(arguments, 0, rows)?)
    } else {
        (numbers(arguments, 0, rows)?, numbers(arguments, 1, rows)?)
    };
    let step = if arguments.len() < 3 {
        vec![1.0; rows]
    } else {
        numbers(arguments, 2, rows)?
    };
    let spans = from.iter().zip(to).zip(step);
    // A step of 0 is refused by the function, or makes nothing.
    let steps = spans
        .filter(|(_, step)| step.abs() > 0.0)
        .map(|((from, to), step)| ((to - from) / step).max(0.0));
    Ok(steps.sum())
}
