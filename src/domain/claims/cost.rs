//! How much an expression can cost at most: an upper bound of its steps and of the size of every intermediate value,
//! computed from the expression and the sizes of what it looks at, before it is evaluated.
//!
//! The evaluator has no limit of time or memory of its own. Without a bound, `[1].map(x, [x, x]).map(x, [x, x])…` doubles
//! its result with every twenty characters.

use cel::{
    Value,
    common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators},
};

use super::variables::{is_optional_namespace, path_of};

/// Most steps; one takes some 0.1 µs.
const MAX_WORK: u64 = 50_000;
/// Largest intermediate value, in bytes of text plus one for each node.
const MAX_SIZE: u64 = 256 * 1024;
/// The longest that a number becomes as text (a double of 309 digits), with some room.
const NUMBER_AS_TEXT: u64 = 400;
/// What compiling a pattern costs.
const PATTERN_WORK: u64 = 2_000;
/// Copying or comparing this much takes as long as one step.
const SIZE_PER_STEP: u64 = 8;

/// An upper bound of the size of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    /// Bytes of text plus one for each node.
    total: u64,
    /// Elements, if it is a list or a map.
    len: u64,
    /// Size of the largest element.
    item: u64,
}

impl Size {
    /// What is assumed of a value that is not known yet, when a rule is written.
    pub(super) const NOMINAL: Self = Self {
        total: 256,
        len: 16,
        item: 32,
    };

    const SCALAR: Self = Self::opaque(1);

    /// A value of that size that may be anything inside.
    const fn opaque(total: u64) -> Self {
        Self {
            total,
            len: total,
            item: total,
        }
    }

    /// The size of an actual value.
    pub(super) fn of(value: &Value) -> Self {
        let items = |sizes: &mut dyn Iterator<Item = u64>| {
            let mut size = Self {
                total: 1,
                len: 0,
                item: 1,
            };
            for item in sizes {
                size.total += item;
                size.len += 1;
                size.item = size.item.max(item);
            }
            size
        };
        match value {
            Value::List(list) => items(&mut list.iter().map(|item| Self::of(item).total)),
            Value::Map(map) => {
                // every key here is a text
                let entry = |(key, value): (&cel::objects::Key, &Value)| {
                    key.to_string().len() as u64 + 1 + Self::of(value).total
                };
                items(&mut map.map.iter().map(entry))
            }
            Value::String(text) => Self::opaque(1 + text.len() as u64),
            Value::Bytes(bytes) => Self::opaque(1 + bytes.len() as u64),
            _ => Self::SCALAR,
        }
    }

    fn max(self, other: Self) -> Self {
        Self {
            total: self.total.max(other.total),
            len: self.len.max(other.len),
            item: self.item.max(other.item),
        }
    }

    fn joined(self, other: Self) -> Self {
        Self {
            total: self.total.saturating_add(other.total),
            len: self.len.saturating_add(other.len),
            item: self.item.max(other.item),
        }
    }

    fn element(self) -> Self {
        Self::opaque(self.item)
    }
}

/// The expression may cost too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooCostly;

/// Checks that evaluating `expression` stays within bounds. `look_up` gives the size of a member of a variable.
///
/// # Errors
/// [`TooCostly`].
pub(super) fn check(expression: &IdedExpr, look_up: &dyn Fn(&str, &[&str]) -> Size) -> Result<(), TooCostly> {
    let mut meter = Meter {
        look_up,
        locals: Vec::new(),
        work: 0,
    };
    meter.size_of(expression).map(|_| ())
}

/// Walks an expression once per evaluation that it can have at most, by counting, not by doing.
struct Meter<'e> {
    look_up: &'e dyn Fn(&str, &[&str]) -> Size,
    locals: Vec<(&'e str, Size)>,
    work: u64,
}

impl<'e> Meter<'e> {
    fn spend(&mut self, work: u64) -> Result<(), TooCostly> {
        self.work = self.work.saturating_add(work);
        if self.work > MAX_WORK { Err(TooCostly) } else { Ok(()) }
    }

    fn size_of(&mut self, expression: &'e IdedExpr) -> Result<Size, TooCostly> {
        self.spend(1)?;
        let size = self.bound(expression)?;
        if size.total > MAX_SIZE {
            Err(TooCostly)
        } else {
            Ok(size)
        }
    }

    fn bound(&mut self, expression: &'e IdedExpr) -> Result<Size, TooCostly> {
        if let Some((root, path)) = path_of(expression) {
            self.spend(path.len() as u64)?;
            let local = self.locals.iter().rev().find(|(name, _)| *name == root);
            let size = match local {
                Some((_, size)) if path.is_empty() => *size,
                // a member is never larger than the whole
                Some((_, size)) => size.element(),
                None => (self.look_up)(root, &path),
            };
            self.spend(size.total / SIZE_PER_STEP)?;
            return Ok(size);
        }
        match &expression.expr {
            Expr::Literal(LiteralValue::String(text)) => Ok(Size::opaque(1 + text.inner().len() as u64)),
            Expr::Literal(LiteralValue::Bytes(bytes)) => Ok(Size::opaque(1 + bytes.inner().len() as u64)),
            Expr::Literal(_) | Expr::Ident(_) | Expr::Struct(_) | Expr::Unspecified => Ok(Size::SCALAR),
            Expr::Select(select) => {
                let whole = self.size_of(&select.operand)?;
                self.spend(whole.total / SIZE_PER_STEP)?;
                Ok(whole.element())
            }
            Expr::List(list) => self.collection(list.elements.iter().map(|element| (None, element))),
            Expr::Map(map) => self.collection(map.entries.iter().filter_map(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => Some((Some(&entry.key), &entry.value)),
                EntryExpr::StructField(_) => None,
            })),
            Expr::Call(call) => self.call(call),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
        }
    }

    fn collection(
        &mut self,
        entries: impl Iterator<Item = (Option<&'e IdedExpr>, &'e IdedExpr)>,
    ) -> Result<Size, TooCostly> {
        let mut size = Size {
            total: 1,
            len: 0,
            item: 1,
        };
        for (key, value) in entries {
            let key = key.map_or(Ok(0), |key| self.size_of(key).map(|key| key.total))?;
            let item = self.size_of(value)?.total.saturating_add(key);
            size = size.joined(Size {
                total: item,
                len: 1,
                item,
            });
        }
        self.spend(size.total / SIZE_PER_STEP)?;
        Ok(size)
    }

    fn call(&mut self, call: &'e CallExpr) -> Result<Size, TooCostly> {
        let target = call.target.as_deref().filter(|target| !is_optional_namespace(target));
        let mut sizes = Vec::with_capacity(call.args.len() + 1);
        for part in target.into_iter().chain(&call.args) {
            sizes.push(self.size_of(part)?);
        }
        let all = sizes.iter().copied().reduce(Size::joined).unwrap_or(Size::SCALAR);
        self.spend(all.total / SIZE_PER_STEP)?;
        let first = sizes.first().copied().unwrap_or(Size::SCALAR);
        Ok(match call.func_name.as_str() {
            operators::ADD => all,
            operators::CONDITIONAL => sizes.into_iter().skip(1).reduce(Size::max).unwrap_or(Size::SCALAR),
            operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT => first.element(),
            "string" | "bytes" => Size::opaque(all.total.saturating_add(NUMBER_AS_TEXT)),
            "dyn" | "of" | "ofNonZeroValue" | "value" | "or" | "orValue" => all,
            "matches" => {
                let pattern = sizes.last().copied().unwrap_or(Size::SCALAR).total;
                self.spend(PATTERN_WORK.saturating_add(first.total.saturating_mul(pattern) / SIZE_PER_STEP))?;
                Size::SCALAR
            }
            _ => Size::SCALAR,
        })
    }

    /// `all`, `exists`, `exists_one`, `map` and `filter`: a loop over a range with an accumulator, to which each round
    /// adds at most one element.
    fn comprehension(&mut self, comprehension: &'e ComprehensionExpr) -> Result<Size, TooCostly> {
        let range = self.size_of(&comprehension.iter_range)?;
        self.spend(range.total / SIZE_PER_STEP)?;
        let start = self.size_of(&comprehension.accu_init)?;
        self.locals.push((&comprehension.iter_var, range.element()));
        self.locals.push((&comprehension.accu_var, start));

        let before = self.work;
        self.size_of(&comprehension.loop_cond)?;
        let step = self.size_of(&comprehension.loop_step)?;
        // the first round is counted above; an empty range still evaluates nothing more than that
        let round = self.work - before;
        self.spend(round.saturating_mul(range.len.saturating_sub(1)))?;

        let end = Size {
            total: start.total.saturating_add(step.total.saturating_mul(range.len)),
            len: start.len.saturating_add(range.len),
            item: start.item.max(step.item),
        };
        self.locals.pop();
        self.locals.push((&comprehension.accu_var, end));
        let result = self.size_of(&comprehension.result)?;
        self.locals.pop();
        self.locals.pop();
        Ok(result)
    }
}
