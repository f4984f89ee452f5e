//! `/console`, `/console/apis`, `/console/audit` and `/console/keys`: looking, and rotating keys.

use actix_web::{HttpResponse, web::Query};
use serde::Deserialize;

use super::{
    admin::{Admin, AdminForm, FreshAdmin},
    done::Done,
    rows,
    view::{ApiRow, Apis, Attention, Audit, Choice, Figure, KeyRow, Keys, Overview, Ring, event_text},
};
use crate::{
    base::{Text, page::PageRequest},
    flow::admin::{audit, keys, overview, user},
    model::{AuditKind, KeyState, SigningKey},
    spec::jose::KeyAlg,
    web::Tone,
};

/// The first page.
pub async fn get(admin: Admin) -> HttpResponse {
    let core = admin.visitor.core();
    let state = match overview::overview(core).await {
        Ok(state) => state,
        Err(error) => return admin.refuse(error),
    };
    let figure = |key: &'static str, value: String, href: &str| Figure {
        label: Text::new(key),
        value,
        href: href.to_owned(),
    };
    let counted = |count: i64| {
        if count < overview::MOST {
            count.to_string()
        } else {
            format!("{count}+")
        }
    };
    let view = Overview {
        page: admin.layout(),
        figures: vec![
            figure("figure-users", state.users.to_string(), "/console/users"),
            figure("figure-apps", state.clients.to_string(), "/console/apps"),
            figure(
                "figure-sessions",
                counted(state.sign_ins),
                "/console/audit?kind=sign_in.succeeded",
            ),
            figure(
                "figure-failures",
                counted(state.failures),
                "/console/audit?kind=sign_in.failed",
            ),
        ],
        attention: attention(&admin, &state),
        events: state.events.into_iter().map(|line| rows::event(&admin, line)).collect(),
    };
    admin.visitor.page(&view)
}

fn attention(admin: &Admin, state: &overview::Overview) -> Vec<Attention> {
    let issuer = &admin.visitor.core().policy.issuer;
    let mut found = Vec::new();
    if !issuer.is_https() {
        found.push(Attention {
            tone: Tone::Warning,
            text: Text::new("attention-insecure-issuer").with("issuer", issuer.as_str()),
            step: None,
        });
    }
    if state.failed_mails > 0 {
        found.push(Attention {
            tone: Tone::Bad,
            text: Text::new("attention-mail-failed").count("n", state.failed_mails),
            step: None,
        });
    }
    if state.clients == 0 {
        found.push(Attention {
            tone: Tone::Neutral,
            text: Text::new("attention-no-app"),
            step: Some(("/console/apps/new".to_owned(), Text::new("apps-new"))),
        });
    }
    found
}

/// The APIs.
pub async fn apis(admin: Admin) -> HttpResponse {
    let resources = match overview::resources(admin.visitor.core()).await {
        Ok(resources) => resources,
        Err(error) => return admin.refuse(error),
    };
    let rows = resources.into_iter().map(|resource| ApiRow {
        href: format!("/console/apis/{}", resource.id),
        identifier: resource.identifier,
        name: resource.name.unwrap_or_default(),
        own_clients: resource.own_clients,
        scopes: resource.scopes.into_iter().map(|scope| scope.name).collect(),
        access_token_format: resource.access_token_format.as_str().to_owned(),
    });
    let view = Apis {
        page: admin.layout(),
        rows: rows.collect(),
    };
    admin.visitor.page(&view)
}

/// What the trail is filtered by.
#[derive(Debug, Default, Deserialize)]
pub struct Filter {
    kind: Option<String>,
    user: Option<String>,
    after: Option<String>,
}

/// The audit trail.
pub async fn trail(admin: Admin, filter: Query<Filter>) -> HttpResponse {
    let core = admin.visitor.core();
    let kind = filter.kind.as_deref().filter(|kind| !kind.is_empty());
    let asked = filter.user.as_deref().filter(|id| !id.is_empty()).map(str::parse);
    let Ok(user_id) = asked.transpose() else {
        return admin.refuse(crate::flow::admin::Error::NotFound("user"));
    };
    let page = PageRequest {
        after: filter.after.clone().filter(|after| !after.is_empty()),
        ..PageRequest::default()
    };
    let found = match audit::list(core, user_id, kind, &page).await {
        Ok(found) => found,
        Err(error) => return admin.refuse(error),
    };
    let user = match user_id {
        Some(id) => Some((
            id.to_string(),
            user::find(core, id)
                .await
                .map_or_else(|_| id.to_string(), |user| user.display_name()),
        )),
        None => None,
    };
    let href = |after: Option<&str>| {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        let asked = [("kind", kind), ("user", filter.user.as_deref()), ("after", after)];
        pairs.extend_pairs(asked.into_iter().filter_map(|(name, value)| Some((name, value?))));
        format!("/console/audit?{}", pairs.finish())
    };
    let choices = AuditKind::ALL.iter().map(|one| one.as_str());
    let view = Audit {
        page: admin.layout(),
        kinds: std::iter::once(Choice::new("", Text::new("audit-all"), kind.is_none()))
            .chain(choices.map(|one| Choice::new(one, event_text(one), kind == Some(one))))
            .collect(),
        user,
        first_href: page.after.as_ref().map(|_| href(None)),
        next_href: found.next.as_deref().map(|next| href(Some(next))),
        rows: found.items.into_iter().map(|line| rows::event(&admin, line)).collect(),
    };
    admin.visitor.page(&view)
}

/// The keys of this server.
pub async fn keys(FreshAdmin(admin): FreshAdmin) -> HttpResponse {
    let core = admin.visitor.core();
    let known = match keys::list(core).await {
        Ok(known) => known,
        Err(error) => return admin.refuse(error),
    };
    let policy = core.keys.policy();
    let algs =
        KeyAlg::all().filter(|alg| policy.rings().any(|ring| ring == *alg) || known.iter().any(|key| key.alg == *alg));
    let now = core.now();
    let rings = algs.map(|alg| {
        let own: Vec<&SigningKey> = known.iter().filter(|key| key.alg == alg).collect();
        let pending = own.iter().find(|key| key.state(now) == KeyState::Pending);
        let active = own.iter().find(|key| key.state(now) == KeyState::Active);
        let planned = active.map(|key| key.active_at + policy.rotation_interval);
        Ring {
            alg: alg.name().to_owned(),
            is_for_encryption: alg.is_encryption(),
            next_rotation: pending.map(|key| key.active_at).or(planned).map(|at| admin.when(at)),
            rows: own.into_iter().map(|key| key_row(&admin, key)).collect(),
        }
    });
    let view = Keys {
        page: admin.layout(),
        rings: rings.collect(),
    };
    admin.visitor.page(&view)
}

fn key_row(admin: &Admin, key: &SigningKey) -> KeyRow {
    KeyRow {
        kid: key.kid.clone(),
        state: key.state(admin.visitor.core().now()),
        is_for_encryption: key.alg.is_encryption(),
        created: admin.when(key.created_at),
        active: admin.when(key.active_at),
        retiring: key.retiring_at.map(|at| admin.when(at)),
        retired: key.retired_at.map(|at| admin.when(at)),
    }
}

/// Rotates one ring.
pub async fn rotate(form: AdminForm) -> HttpResponse {
    let admin = &form.admin;
    let Ok(alg) = form.text("alg").parse::<KeyAlg>() else {
        return admin.refuse(crate::flow::admin::Error::NotFound("key"));
    };
    match keys::rotate(admin.visitor.core(), &admin.by(), Some(alg)).await {
        Ok(_) => admin.done("/console/keys", Done::KeyRotated),
        Err(error) => admin.refuse(error),
    }
}
