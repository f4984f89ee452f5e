//! `/console/users`: the list, and somebody new.

use actix_web::{HttpResponse, http::StatusCode, web::Query};
use serde::Deserialize;

use super::{
    admin::{Admin, AdminForm, FreshAdmin},
    done::Done,
    profile_form::{self, Typed},
    view::{UserNew, UserPassword, UserRow, Users},
    words,
};
use crate::{
    base::page::PageRequest,
    flow::admin::{
        Error,
        user::{self, Created, NewPassword},
    },
    model::{User, UserStatus},
    web::FieldErrors,
};

/// The claims that are asked for when somebody is added.
const ASKED: [&str; 4] = ["email", "name", "given_name", "family_name"];

/// Which part of the list.
#[derive(Debug, Default, Deserialize)]
pub struct Search {
    q: Option<String>,
    after: Option<String>,
}

/// The list.
pub async fn list(admin: Admin, search: Query<Search>) -> HttpResponse {
    let q = search.q.as_deref().unwrap_or_default().trim();
    let page = PageRequest {
        after: search.after.clone().filter(|after| !after.is_empty()),
        ..PageRequest::default()
    };
    let found = match user::list(admin.visitor.core(), Some(q), &page).await {
        Ok(found) => found,
        Err(error) => return admin.refuse(error),
    };
    let href = |after: Option<&str>| {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        let asked = [("q", Some(q).filter(|q| !q.is_empty())), ("after", after)];
        pairs.extend_pairs(asked.into_iter().filter_map(|(name, value)| Some((name, value?))));
        format!("/console/users?{}", pairs.finish())
    };
    let view = Users {
        page: admin.layout(),
        q: q.to_owned(),
        first_href: page.after.as_ref().map(|_| href(None)),
        next_href: found.next.as_deref().map(|next| href(Some(next))),
        rows: found.items.iter().map(|user| row(&admin, user)).collect(),
    };
    admin.visitor.page(&view)
}

fn row(admin: &Admin, user: &User) -> UserRow {
    UserRow {
        id: user.id.to_string(),
        name: user.display_name(),
        username: user.username.clone().unwrap_or_default(),
        email: user.claim("email").unwrap_or_default().to_owned(),
        email_is_verified: user.is_true("email_verified"),
        is_suspended: user.status == UserStatus::Suspended,
        roles: user.roles.clone(),
        last_sign_in: user.last_sign_in_at.map(|at| admin.when(at)),
        created: admin.when(user.created_at),
    }
}

/// The page to add somebody.
pub async fn new(FreshAdmin(admin): FreshAdmin) -> HttpResponse {
    show(&admin, &Typed::default(), FieldErrors::none(), StatusCode::OK).await
}

async fn show(admin: &Admin, typed: &Typed, errors: FieldErrors, status: StatusCode) -> HttpResponse {
    let roles = match user::roles(admin.visitor.core()).await {
        Ok(roles) => roles,
        Err(error) => return admin.refuse(error),
    };
    let view = UserNew {
        page: admin.layout_at("/console/users/new"),
        username: typed.username.clone(),
        fields: ASKED.map(|claim| typed.field(claim)).into(),
        email_is_verified: typed.email_is_verified,
        roles: profile_form::role_choices(&roles, &typed.roles),
        errors,
    };
    admin.visitor.page_with(status, &view, &[])
}

/// Adds somebody and shows their one-time password.
pub async fn create(form: AdminForm) -> HttpResponse {
    let typed = Typed::read(&form);
    let admin = &form.admin;
    let edit = user::Edit {
        username: Some(typed.username()),
        roles: Some(typed.roles.clone()),
        patch: typed.new_patch(&ASKED),
        ..user::Edit::default()
    };
    match user::create(admin.visitor.core(), &admin.by(), &edit, Some(&NewPassword::OneTime)).await {
        Ok(Created {
            user,
            one_time_password: Some(password),
        }) => {
            let view = one_time(admin, &user, password.expose(), true);
            admin.visitor.page(&view)
        }
        Ok(Created { user, .. }) => admin.done(&format!("/console/users/{}", user.id), Done::Saved),
        Err(Error::Invalid(faults)) => {
            let errors = words::invalid(&faults);
            show(admin, &typed, errors, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(error) => admin.refuse(error),
    }
}

/// The page that shows a one-time password.
pub(super) fn one_time(admin: &Admin, user: &User, password: &str, is_new: bool) -> UserPassword {
    let identifier = user.username.as_deref().or(user.claim("email"));
    UserPassword {
        page: admin.layout_at(&format!("/console/users/{}", user.id)),
        id: user.id.to_string(),
        name: user.display_name(),
        identifier: identifier.unwrap_or_default().to_owned(),
        password: password.to_owned(),
        is_new,
    }
}
