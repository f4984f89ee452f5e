//! One expression in the Common Expression Language: compiled once, checked against limits, evaluated many times.
//!
//! The language has no loops but its macros, yet nested macros, chains of `map` and long patterns can ask for more time
//! and memory than a token is worth. So: short source, bounded nesting, only functions known here, patterns only as
//! literals, an upper bound of cost before every evaluation, and a small result.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, LazyLock},
};

use cel::{
    Context, Env, ExecutionError, Program, Value,
    common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue},
};
use serde_json::Value as Json;

use super::{
    Ask,
    cost::{self, Size},
    variables::{self, WantedVariables},
};
use crate::base::storable::is_storable_json;

/// Longest source, in bytes.
const MAX_SOURCE: usize = 1024;
/// Deepest nesting of brackets in the source; the parser recurses over a dozen frames for each.
const MAX_BRACKETS: usize = 32;
/// Stack of the thread that parses, in bytes: enough for [`MAX_BRACKETS`] twice over.
const PARSER_STACK: usize = 16 * 1024 * 1024;
/// Deepest expression tree; the evaluator recurses over it.
const MAX_DEPTH: usize = 24;
/// Longest pattern, in bytes.
const MAX_PATTERN: usize = 200;
/// Largest result, in bytes of JSON.
const MAX_RESULT: usize = 4096;

/// Functions that expressions may call; their costs are known to `cost`.
const FUNCTIONS: [&str; 19] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "string",
    "bytes",
    "int",
    "uint",
    "double",
    "bool",
    "dyn",
    "type",
    "of",
    "none",
    "ofNonZeroValue",
    "value",
    "hasValue",
    "orValue",
];

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// Why an expression is refused when it is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionFault {
    /// Nothing.
    #[error("the expression is empty")]
    Empty,
    /// More than 1024 bytes.
    #[error("the expression is longer than {MAX_SOURCE} bytes")]
    TooLong,
    /// Brackets or operators nested too deeply.
    #[error("the expression is nested too deeply")]
    TooDeep,
    /// Not CEL.
    #[error("the expression does not parse: {0}")]
    Syntax(String),
    /// A variable or member that does not exist.
    #[error("there is no variable {0}; there are user, client, session, organization and context with their members")]
    UnknownVariable(String),
    /// A macro's variable that hides one of Signet's.
    #[error("{0} is the name of a variable and cannot be used inside a macro")]
    Shadows(String),
    /// A function that does not exist here.
    #[error("there is no function {0}")]
    UnknownFunction(String),
    /// A pattern that is computed, too long, or counts repetitions.
    #[error("the pattern of matches() must be a text of at most {MAX_PATTERN} characters without {{ }}")]
    Pattern,
    /// A message construction or another part of the language that has no meaning here.
    #[error("the expression uses a part of CEL that is not supported")]
    Unsupported,
    /// Could take too long or make too large a value.
    #[error("the expression could cost too much: fewer or smaller nested map, filter, all and exists")]
    TooCostly,
}

/// Why an expression gave no value. Never contains a value of the person.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
pub enum EvaluationFault {
    /// A member that is not there.
    #[error("there is no {0}")]
    Missing(String),
    /// A member or element, chosen by a value, that is not there.
    #[error("a key or an index is not there")]
    MissingElement,
    /// Operands that do not go together.
    #[error("an operator or function does not fit its values")]
    Type,
    /// A division by zero or an overflow.
    #[error("a number is out of range or divided by zero")]
    Arithmetic,
    /// For this person's data the expression could cost too much.
    #[error("the values are too large for the expression")]
    TooCostly,
    /// A result of more than 4096 bytes.
    #[error("the result is larger than {MAX_RESULT} bytes")]
    TooLarge,
    /// A result that JSON cannot express or the database cannot hold, or a failure without a better name.
    #[error("the expression failed")]
    Failed,
}

/// A compiled expression.
#[derive(Debug)]
pub(super) struct Expression {
    source: String,
    program: Program,
    wanted: WantedVariables,
}

impl Expression {
    /// Compiles and checks `source`.
    ///
    /// # Errors
    /// The first fault.
    pub(super) fn compile(source: &str) -> Result<Self, ExpressionFault> {
        if source.trim().is_empty() {
            return Err(ExpressionFault::Empty);
        }
        if source.len() > MAX_SOURCE {
            return Err(ExpressionFault::TooLong);
        }
        if bracket_depth(source) > MAX_BRACKETS {
            return Err(ExpressionFault::TooDeep);
        }
        let program = parse(source)?;
        check(program.expression(), 0)?;
        let wanted = variables::wanted(program.expression())?;
        cost::check(program.expression(), &|_, _| Size::NOMINAL).map_err(|_| ExpressionFault::TooCostly)?;
        Ok(Self {
            source: source.to_owned(),
            program,
            wanted,
        })
    }

    /// Whether the expression looks at the variable.
    pub(super) fn names(&self, root: &str) -> bool {
        self.wanted.contains_key(root)
    }

    /// The value for `ask`; `None` where it says nothing.
    ///
    /// # Errors
    /// Why there is no value.
    pub(super) fn evaluate(&self, ask: &Ask<'_>) -> Result<Option<Json>, EvaluationFault> {
        let roots: Vec<(&str, Value)> = self
            .wanted
            .iter()
            .map(|(root, wanted)| (*root, variables::value(root, wanted, ask)))
            .collect();
        cost::check(self.program.expression(), &|root, path| measured(&roots, root, path))
            .map_err(|_| EvaluationFault::TooCostly)?;
        let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
        for (root, value) in roots {
            context.add_variable_from_value(root, value);
        }
        // A defect of the evaluator must cost a claim, not a sign-in.
        let outcome = catch_unwind(AssertUnwindSafe(|| self.program.execute(&context)));
        let value = outcome
            .map_err(|_| EvaluationFault::Failed)?
            .map_err(|error| self.fault(&error))?;
        let json = value.json().map_err(|_| EvaluationFault::Failed)?;
        if json.to_string().len() > MAX_RESULT {
            return Err(EvaluationFault::TooLarge);
        }
        // opaque access tokens keep their claims in the database
        if !is_storable_json(&json) {
            return Err(EvaluationFault::Failed);
        }
        Ok(super::says_something(&json).then_some(json))
    }

    fn fault(&self, error: &ExecutionError) -> EvaluationFault {
        match error {
            // a key that stands in the expression may be named, one that came out of a person's data may not
            ExecutionError::NoSuchKey(key) if self.source.contains(key.as_str()) => {
                EvaluationFault::Missing(key.to_string())
            }
            ExecutionError::NoSuchKey(_) | ExecutionError::IndexOutOfBounds(_) => EvaluationFault::MissingElement,
            ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) | ExecutionError::Overflow(..) => {
                EvaluationFault::Arithmetic
            }
            ExecutionError::NoSuchOverload(_)
            | ExecutionError::UnexpectedType { .. }
            | ExecutionError::UnsupportedTargetType { .. }
            | ExecutionError::ValuesNotComparable(..)
            | ExecutionError::UnsupportedBinaryOperator(..)
            | ExecutionError::UnsupportedIndex(..)
            | ExecutionError::UnsupportedKeyType(_)
            | ExecutionError::UndeclaredReference(_) => EvaluationFault::Type,
            _ => EvaluationFault::Failed,
        }
    }
}

/// The size of a member of the actual variables.
fn measured(roots: &[(&str, Value)], root: &str, path: &[&str]) -> Size {
    let mut value = roots.iter().find(|(name, _)| *name == root).map(|(_, value)| value);
    for member in path {
        value = match value {
            Some(Value::Map(map)) => map.get(&cel::objects::KeyRef::String(member)),
            _ => None,
        };
    }
    value.map_or(Size::of(&Value::Null), Size::of)
}

fn parse(source: &str) -> Result<Program, ExpressionFault> {
    // The parser takes some hundred kilobytes of stack for each bracket when it is not optimised.
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .stack_size(PARSER_STACK)
            .spawn_scoped(scope, || ENVIRONMENT.compile(source));
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(Ok(program))) => Ok(program),
            Ok(Ok(Err(errors))) => {
                let text = errors.to_string();
                let first = text.lines().next().unwrap_or_default();
                Err(ExpressionFault::Syntax(first.chars().take(200).collect()))
            }
            Ok(Err(_)) | Err(_) => Err(ExpressionFault::Unsupported),
        }
    })
}

/// The deepest nesting of brackets outside of texts, counted before the recursive parser sees the source. Counts too
/// much rather than too little: it does not know raw texts.
fn bracket_depth(source: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    for c in source.chars() {
        match c {
            '(' | '[' | '{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Checks depth, functions and patterns.
fn check(expression: &IdedExpr, depth: usize) -> Result<(), ExpressionFault> {
    if depth > MAX_DEPTH {
        return Err(ExpressionFault::TooDeep);
    }
    let each = |inner: &IdedExpr| check(inner, depth + 1);
    match &expression.expr {
        Expr::Call(call) => {
            check_function(call)?;
            call.target
                .iter()
                .map(AsRef::as_ref)
                .chain(&call.args)
                .try_for_each(each)
        }
        Expr::Comprehension(parts) => [
            &parts.iter_range,
            &parts.accu_init,
            &parts.loop_cond,
            &parts.loop_step,
            &parts.result,
        ]
        .into_iter()
        .try_for_each(each),
        Expr::List(list) => list.elements.iter().try_for_each(each),
        Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
            EntryExpr::MapEntry(entry) => each(&entry.key).and_then(|()| each(&entry.value)),
            EntryExpr::StructField(_) => Err(ExpressionFault::Unsupported),
        }),
        Expr::Select(select) => each(&select.operand),
        Expr::Literal(_) | Expr::Ident(_) => Ok(()),
        Expr::Struct(_) | Expr::Unspecified => Err(ExpressionFault::Unsupported),
    }
}

fn check_function(call: &CallExpr) -> Result<(), ExpressionFault> {
    let name = call.func_name.as_str();
    // operators have names that no identifier can have; `or` is a method of optionals
    let is_operator = name.starts_with(|c: char| !c.is_ascii_alphabetic());
    if !is_operator && name != "or" && !FUNCTIONS.contains(&name) {
        return Err(ExpressionFault::UnknownFunction(name.chars().take(40).collect()));
    }
    if name == "matches" {
        let pattern = call.args.last().map(|argument| &argument.expr);
        let fits = matches!(pattern, Some(Expr::Literal(LiteralValue::String(pattern)))
            if pattern.inner().len() <= MAX_PATTERN && !pattern.inner().contains(['{', '}']));
        return if fits { Ok(()) } else { Err(ExpressionFault::Pattern) };
    }
    Ok(())
}
