//! `/console/users/ID`: one person.

use actix_web::{HttpResponse, http::StatusCode, web::Path};

use super::{
    admin::{Admin, AdminForm, FreshAdmin},
    done::Done,
    profile_form::{self, CLAIMS, Typed},
    rows,
    users::one_time,
    view::{FactRow, GrantRow, User as Page, UserDelete},
    words,
};
use crate::{
    base::{Text, id::UserId},
    flow::admin::{
        Error,
        user::{self, Detail, Edit, NewPassword},
    },
    model::{Fact, Grant, User, UserStatus},
    web::{FieldErrors, error::page, view::ErrorKind},
};

/// The page.
pub async fn get(FreshAdmin(admin): FreshAdmin, id: Path<String>) -> HttpResponse {
    match load(&admin, &id).await {
        Ok(detail) => {
            let typed = Typed::of(&detail.user);
            show(&admin, detail, &typed, FieldErrors::none(), StatusCode::OK).await
        }
        Err(answer) => answer,
    }
}

/// Where the answer to a form stood before: back to the page.
pub async fn back(admin: Admin, id: Path<String>) -> HttpResponse {
    match parse(&admin, &id) {
        Ok(id) => admin.visitor.redirect(&format!("/console/users/{id}")),
        Err(answer) => answer,
    }
}

#[allow(clippy::result_large_err)] // the answer is on its way out anyway
fn parse(admin: &Admin, id: &str) -> Result<UserId, HttpResponse> {
    id.parse()
        .map_err(|_| page::show(&admin.visitor, ErrorKind::NotFound, String::new()))
}

async fn load(admin: &Admin, id: &str) -> Result<Detail, HttpResponse> {
    let id = parse(admin, id)?;
    user::detail(admin.visitor.core(), id)
        .await
        .map_err(|error| admin.refuse(error))
}

async fn show(admin: &Admin, detail: Detail, typed: &Typed, errors: FieldErrors, status: StatusCode) -> HttpResponse {
    let roles = match user::roles(admin.visitor.core()).await {
        Ok(roles) => roles,
        Err(error) => return admin.refuse(error),
    };
    let user = &detail.user;
    let password = match (detail.has_password, user.password_expired_at) {
        (false, _) => "password-unset",
        (true, Some(_)) => "password-one-time",
        (true, None) => "password-set",
    };
    let mut grants = Vec::with_capacity(detail.grants.len());
    for grant in &detail.grants {
        grants.push(grant_row(admin, grant).await);
    }
    let view = Page {
        page: admin.layout_at(&format!("/console/users/{}", user.id)),
        id: user.id.to_string(),
        name: user.display_name(),
        version: user.version,
        is_suspended: user.status == UserStatus::Suspended,
        is_self: user.id == admin.user.id,
        username: typed.username.clone(),
        fields: CLAIMS.map(|claim| typed.field(claim)).into(),
        email_is_verified: typed.email_is_verified,
        phone_number_is_verified: typed.phone_number_is_verified,
        custom_data: typed.custom_data.clone(),
        roles: profile_form::role_choices(&roles, &typed.roles),
        errors,
        password: Text::new(password),
        password_changed: detail.password_changed_at.map(|at| admin.when(at)),
        sessions: detail
            .sessions
            .iter()
            .map(|session| rows::session(admin, session))
            .collect(),
        grants,
        facts: detail.facts.iter().map(|fact| fact_row(admin, fact)).collect(),
        last_sign_in: user.last_sign_in_at.map(|at| admin.when(at)),
        created: admin.when(user.created_at),
        events: detail.events.into_iter().map(|line| rows::event(admin, line)).collect(),
    };
    admin.visitor.page_with(status, &view, &[])
}

async fn grant_row(admin: &Admin, grant: &Grant) -> GrantRow {
    let client = admin.visitor.core().client(&grant.client_id).await.ok().flatten();
    GrantRow {
        client_id: grant.client_id.clone(),
        name: client.map_or_else(|| grant.client_id.clone(), |client| client.display_name().to_owned()),
        scopes: grant.scope.iter().map(str::to_owned).collect(),
        since: admin.when(grant.created_at),
    }
}

fn fact_row(admin: &Admin, fact: &Fact) -> FactRow {
    let value = fact.value.as_ref().filter(|value| !value.is_null());
    FactRow {
        attribute: fact
            .attribute
            .strip_prefix("profile.")
            .unwrap_or(&fact.attribute)
            .to_owned(),
        value: value.map(|value| rows::plain(Some(value))).unwrap_or_default(),
        source: fact.source.clone(),
        is_verified: fact.verified,
        at: admin.when(fact.asserted_at),
    }
}

/// Saves the profile.
pub async fn post(id: Path<String>, form: AdminForm) -> HttpResponse {
    let admin = &form.admin;
    let detail = match load(admin, &id).await {
        Ok(detail) => detail,
        Err(answer) => return answer,
    };
    let typed = Typed::read(&form);
    let Some(patch) = typed.patch(&detail.user) else {
        let errors = FieldErrors::field("custom_data", Text::new("error-json"));
        return show(admin, detail, &typed, errors, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let edit = Edit {
        username: Some(typed.username()),
        roles: Some(typed.roles.clone()),
        patch,
        ..Edit::default()
    };
    let saved = user::edit(admin.visitor.core(), &admin.by(), detail.user.id, form.version(), &edit).await;
    settle(admin, detail, &typed, saved, Done::Saved).await
}

/// Suspends somebody, or lets them sign in again.
pub async fn status(id: Path<String>, form: AdminForm) -> HttpResponse {
    let admin = &form.admin;
    let detail = match load(admin, &id).await {
        Ok(detail) => detail,
        Err(answer) => return answer,
    };
    let (status, done) = match form.text("decision") {
        "suspend" => (UserStatus::Suspended, Done::UserSuspended),
        "restore" => (UserStatus::Active, Done::UserRestored),
        _ => return page::show(&admin.visitor, ErrorKind::MalformedRequest, String::new()),
    };
    let edit = Edit {
        status: Some(status),
        ..Edit::default()
    };
    let saved = user::edit(admin.visitor.core(), &admin.by(), detail.user.id, form.version(), &edit).await;
    let typed = Typed::of(&detail.user);
    settle(admin, detail, &typed, saved, done).await
}

/// Back to the page after a change; or the page again, with what was wrong.
async fn settle(admin: &Admin, detail: Detail, typed: &Typed, saved: Result<User, Error>, done: Done) -> HttpResponse {
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    match saved {
        Ok(user) => admin.done(&format!("/console/users/{}", user.id), done),
        Err(Error::Invalid(faults)) => show(admin, detail, typed, words::invalid(&faults), unprocessable).await,
        Err(Error::LastAdministrator) => {
            let errors = FieldErrors::field("roles", Text::new("error-last-administrator"));
            show(admin, detail, typed, errors, unprocessable).await
        }
        Err(Error::Stale) => {
            // what stands there now, not what was typed over something older
            let now = Typed::of(&detail.user);
            let errors = FieldErrors::form(Text::new("error-conflict"));
            show(admin, detail, &now, errors, StatusCode::CONFLICT).await
        }
        Err(error) => admin.refuse(error),
    }
}

/// Makes a one-time password and shows it.
pub async fn password(id: Path<String>, form: AdminForm) -> HttpResponse {
    let admin = &form.admin;
    let id = match parse(admin, &id) {
        Ok(id) => id,
        Err(answer) => return answer,
    };
    let core = admin.visitor.core();
    let made = user::set_password(core, &admin.by(), id, &NewPassword::OneTime).await;
    match (made, user::find(core, id).await) {
        (Ok(Some(password)), Ok(user)) => admin.visitor.page(&one_time(admin, &user, password.expose(), false)),
        (Ok(None), Ok(_)) => admin.visitor.redirect(&format!("/console/users/{id}")),
        (Err(error), _) | (_, Err(error)) => admin.refuse(error),
    }
}

/// Ends one session.
pub async fn end_session(id: Path<String>, form: AdminForm) -> HttpResponse {
    let admin = &form.admin;
    let (id, session) = match (parse(admin, &id), form.text("session").parse()) {
        (Ok(id), Ok(session)) => (id, session),
        (Err(answer), _) => return answer,
        (_, Err(_)) => return page::show(&admin.visitor, ErrorKind::MalformedRequest, String::new()),
    };
    match user::end_session(admin.visitor.core(), &admin.by(), id, session).await {
        // one that is over already is what was asked for
        Ok(()) | Err(Error::NotFound("session")) => admin.done(&format!("/console/users/{id}"), Done::SessionEnded),
        Err(error) => admin.refuse(error),
    }
}

/// Ends all of them.
pub async fn end_sessions(id: Path<String>, form: AdminForm) -> HttpResponse {
    let admin = &form.admin;
    let id = match parse(admin, &id) {
        Ok(id) => id,
        Err(answer) => return answer,
    };
    match user::end_sessions(admin.visitor.core(), &admin.by(), id).await {
        Ok(_) => admin.done(&format!("/console/users/{id}"), Done::SessionsEnded),
        Err(error) => admin.refuse(error),
    }
}

/// The page that asks whether to delete somebody.
pub async fn delete_page(FreshAdmin(admin): FreshAdmin, id: Path<String>) -> HttpResponse {
    ask(&admin, &id, FieldErrors::none(), StatusCode::OK).await
}

async fn ask(admin: &Admin, id: &str, errors: FieldErrors, status: StatusCode) -> HttpResponse {
    let detail = match load(admin, id).await {
        Ok(detail) => detail,
        Err(answer) => return answer,
    };
    let view = UserDelete {
        page: admin.layout_at(&format!("/console/users/{}/delete", detail.user.id)),
        id: detail.user.id.to_string(),
        name: detail.user.display_name(),
        version: detail.user.version,
        sessions: detail.sessions.len(),
        errors,
    };
    admin.visitor.page_with(status, &view, &[])
}

/// Deletes somebody.
pub async fn delete(id: Path<String>, form: AdminForm) -> HttpResponse {
    let admin = &form.admin;
    let user_id = match parse(admin, &id) {
        Ok(id) => id,
        Err(answer) => return answer,
    };
    let (text, status) = match user::delete(admin.visitor.core(), &admin.by(), user_id, form.version()).await {
        Ok(()) => return admin.done("/console/users", Done::UserDeleted),
        Err(Error::Stale) => ("error-conflict", StatusCode::CONFLICT),
        Err(Error::LastAdministrator) => ("error-last-administrator", StatusCode::UNPROCESSABLE_ENTITY),
        Err(error) => return admin.refuse(error),
    };
    ask(admin, &id, FieldErrors::form(Text::new(text)), status).await
}
