//! What expressions can see: `user`, `client`, `session`, `organization` and `context`.
//!
//! Only the members that an expression names are built for it: making a whole person into expression values costs more
//! than evaluating most expressions.

use std::collections::{BTreeMap, HashMap};

use cel::{
    Value,
    common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue, operators},
    objects::Map,
};
use serde_json::{Map as JsonMap, Value as Json};

use super::{Ask, cel::ExpressionFault, standard::standard_claim};
use crate::{model::User, spec::oidc::claim::STANDARD_CLAIMS};

/// The names of the variables.
pub(super) const ROOTS: [&str; 5] = ["user", "client", "session", "organization", "context"];

const USER: &[&str] = &[
    "id",
    "username",
    "status",
    "roles",
    "profile",
    "custom_data",
    "created_at",
    "updated_at",
];
const CLIENT: &[&str] = &["client_id", "client_name", "client_uri", "roles", "scope"];
const SESSION: &[&str] = &["id", "auth_time", "acr", "amr"];
const CONTEXT: &[&str] = &["scopes", "resource", "placement", "now"];

/// Identifiers that CEL itself gives a meaning to.
const TYPE_NAMES: [&str; 11] = [
    "bool",
    "bytes",
    "double",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "type",
    "uint",
    "optional_type",
];

/// Which members of a variable an expression names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    whole: bool,
    members: BTreeMap<String, Wanted>,
}

impl Wanted {
    fn insert(&mut self, path: &[&str]) {
        match path.split_first() {
            None => self.whole = true,
            Some((first, rest)) => self.members.entry((*first).to_owned()).or_default().insert(rest),
        }
    }
}

/// What an expression names, by variable.
pub(super) type WantedVariables = BTreeMap<&'static str, Wanted>;

/// A chain of members that starts at an identifier: `user.custom_data["plan"]` is `user` and `custom_data`, `plan`.
pub(super) fn path_of(expression: &IdedExpr) -> Option<(&str, Vec<&str>)> {
    let (operand, member) = match &expression.expr {
        Expr::Ident(name) => return Some((name, Vec::new())),
        Expr::Select(select) => (&*select.operand, select.field.as_str()),
        Expr::Call(call) if is_member_access(&call.func_name) => match call.args.as_slice() {
            [operand, member] => match &member.expr {
                Expr::Literal(LiteralValue::String(name)) => (operand, name.inner()),
                _ => return None,
            },
            _ => return None,
        },
        _ => return None,
    };
    let (root, mut path) = path_of(operand)?;
    path.push(member);
    Some((root, path))
}

fn is_member_access(function: &str) -> bool {
    matches!(
        function,
        operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT
    )
}

/// Finds what an expression names.
///
/// # Errors
/// [`ExpressionFault::UnknownVariable`] for names that stand for nothing, [`ExpressionFault::Shadows`] when a macro's
/// variable takes the name of one of [`ROOTS`].
pub(super) fn wanted(expression: &IdedExpr) -> Result<WantedVariables, ExpressionFault> {
    let mut collector = Collector::default();
    collector.visit(expression)?;
    Ok(collector.found)
}

#[derive(Default)]
struct Collector<'e> {
    found: WantedVariables,
    locals: Vec<&'e str>,
}

impl<'e> Collector<'e> {
    fn visit(&mut self, expression: &'e IdedExpr) -> Result<(), ExpressionFault> {
        if let Some((root, path)) = path_of(expression) {
            return self.name(root, &path);
        }
        match &expression.expr {
            Expr::Call(call) => {
                // `optional.of(x)` is the name of a function, not a variable
                let target = call.target.iter().filter(|target| !is_optional_namespace(target));
                target
                    .map(AsRef::as_ref)
                    .chain(&call.args)
                    .try_for_each(|one| self.visit(one))
            }
            Expr::Comprehension(comprehension) => {
                if ROOTS.contains(&comprehension.iter_var.as_str()) {
                    return Err(ExpressionFault::Shadows(comprehension.iter_var.clone()));
                }
                self.visit(&comprehension.iter_range)?;
                self.locals.push(&comprehension.iter_var);
                for part in [
                    &comprehension.accu_init,
                    &comprehension.loop_cond,
                    &comprehension.loop_step,
                    &comprehension.result,
                ] {
                    self.visit(part)?;
                }
                self.locals.pop();
                Ok(())
            }
            Expr::List(list) => list.elements.iter().try_for_each(|one| self.visit(one)),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => self.visit(&entry.key).and_then(|()| self.visit(&entry.value)),
                EntryExpr::StructField(_) => Err(ExpressionFault::Unsupported),
            }),
            Expr::Select(select) => self.visit(&select.operand),
            Expr::Literal(_) => Ok(()),
            Expr::Ident(_) | Expr::Struct(_) | Expr::Unspecified => Err(ExpressionFault::Unsupported),
        }
    }

    fn name(&mut self, root: &str, path: &[&str]) -> Result<(), ExpressionFault> {
        // '@' names the accumulator of a macro, which nobody can write
        if root.starts_with('@') || self.locals.contains(&root) || (path.is_empty() && TYPE_NAMES.contains(&root)) {
            return Ok(());
        }
        let unknown = || ExpressionFault::UnknownVariable([&[root], path].concat().join("."));
        let root = ROOTS.into_iter().find(|known| *known == root).ok_or_else(unknown)?;
        if let Some(member) = path.first()
            && !is_member(root, member)
        {
            return Err(unknown());
        }
        self.found.entry(root).or_default().insert(path);
        Ok(())
    }
}

pub(super) fn is_optional_namespace(expression: &IdedExpr) -> bool {
    matches!(&expression.expr, Expr::Ident(name) if name == "optional")
}

fn members(root: &str) -> &'static [&'static str] {
    match root {
        "user" => USER,
        "client" => CLIENT,
        "session" => SESSION,
        "context" => CONTEXT,
        _ => &[],
    }
}

fn is_member(root: &str, member: &str) -> bool {
    root == "organization"
        || members(root).contains(&member)
        || (root == "user" && STANDARD_CLAIMS.iter().any(|claim| claim.name == member))
}

/// The value of a variable, as far as it is wanted.
pub(super) fn value(root: &str, wanted: &Wanted, ask: &Ask<'_>) -> Value {
    let absent = match root {
        "user" => ask.user.is_none(),
        "session" => ask.session.is_none(),
        // no organization is known to this server: the variable is there and says so
        "organization" => true,
        _ => false,
    };
    if absent {
        return Value::Null;
    }
    let standard = STANDARD_CLAIMS
        .iter()
        .map(|claim| claim.name)
        .filter(|_| root == "user");
    let names = members(root).iter().copied().chain(standard);
    let everything = Wanted {
        whole: true,
        members: BTreeMap::new(),
    };
    let mut built: HashMap<String, Value> = HashMap::new();
    for name in names {
        let inner = if wanted.whole {
            Some(&everything)
        } else {
            wanted.members.get(name)
        };
        // `profile` is both a member and a standard claim; the member comes first
        if let Some(inner) = inner
            && !built.contains_key(name)
            && let Some(value) = member(root, name, inner, ask)
        {
            built.insert(name.to_owned(), value);
        }
    }
    Value::Map(Map::from(built))
}

fn member(root: &str, name: &str, wanted: &Wanted, ask: &Ask<'_>) -> Option<Value> {
    match root {
        "user" => user_member(ask.user?, name, wanted),
        "client" => {
            let metadata = &ask.client.metadata;
            match name {
                "client_id" => Some(text(&ask.client.client_id)),
                "client_name" => metadata.client_name.as_deref().map(text),
                "client_uri" => metadata.client_uri.as_deref().map(text),
                "scope" => metadata.scope.as_deref().map(text),
                "roles" => Some(texts(&ask.client.roles)),
                _ => None,
            }
        }
        "session" => {
            let session = ask.session?;
            match name {
                "id" => session.id.map(|id| text(&id.to_string())),
                "auth_time" => Some(Value::Int(session.auth_time.unix_timestamp())),
                "acr" => session.acr.map(text),
                "amr" => Some(texts(session.amr)),
                _ => None,
            }
        }
        "context" => match name {
            "scopes" => Some(texts(ask.scope.as_slice())),
            "resource" => Some(texts(ask.resource)),
            "placement" => Some(text(ask.placement.as_str())),
            "now" => Some(Value::Int(ask.now.unix_timestamp())),
            _ => None,
        },
        _ => None,
    }
}

fn user_member(user: &User, name: &str, wanted: &Wanted) -> Option<Value> {
    match name {
        "id" => Some(text(&user.id.to_string())),
        "username" => user.username.as_deref().map(text),
        "status" => Some(text(user.status.as_str())),
        "roles" => Some(texts(&user.roles)),
        "profile" => Some(object(&user.profile, wanted)),
        "custom_data" => Some(object(&user.custom_data, wanted)),
        "created_at" => Some(Value::Int(user.created_at.unix_timestamp())),
        "updated_at" => Some(Value::Int(user.updated_at.unix_timestamp())),
        claim => standard_claim(user, claim).map(|value| convert(&value, wanted)),
    }
}

fn text(text: &str) -> Value {
    Value::from(text)
}

fn texts(texts: &[String]) -> Value {
    Value::from(texts.iter().map(String::as_str).collect::<Vec<_>>())
}

fn object(members: &JsonMap<String, Json>, wanted: &Wanted) -> Value {
    let kept = members.iter().filter_map(|(name, value)| {
        let everything = Wanted {
            whole: true,
            members: BTreeMap::new(),
        };
        if wanted.whole {
            Some((name.clone(), convert(value, &everything)))
        } else {
            wanted
                .members
                .get(name)
                .map(|inner| (name.clone(), convert(value, inner)))
        }
    });
    Value::Map(Map::from(kept.collect::<HashMap<_, _>>()))
}

/// JSON as an expression value. Numbers without a fraction are integers, as in the JSON that comes out again.
fn convert(json: &Json, wanted: &Wanted) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Value::Int(whole),
            (None, Some(whole)) => Value::UInt(whole),
            (None, None) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(value) => text(value),
        Json::Array(items) => {
            let everything = Wanted {
                whole: true,
                members: BTreeMap::new(),
            };
            Value::from(items.iter().map(|item| convert(item, &everything)).collect::<Vec<_>>())
        }
        Json::Object(members) => object(members, wanted),
    }
}
