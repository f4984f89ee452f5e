//! Renders every sample of every view in every language and looks at what comes out.
//!
//! With `SIGNET_RENDER_DIR` set, the pages are also written there to be looked at.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use askama::Template;
use scraper::{ElementRef, Html, Selector};

use super::layout::HOSTILE;
use super::{Layout, account, console, login, view};
use crate::base::Locale;

struct Sample {
    template: &'static str,
    name: String,
    html: String,
}

macro_rules! rendered {
    ($page:expr; $($view:path => $template:literal),* $(,)?) => {{
        let mut samples = Vec::new();
        $(for (name, view) in <$view>::samples(&$page) {
            let html = view.render().unwrap();
            let name = format!("{}-{name}.{}", $template.replace(['/', '.'], "_"), $page.lang());
            samples.push(Sample { template: $template, name, html });
        })*
        samples
    }};
}

static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for locale in Locale::ALL {
        let page = Layout::new(locale, "csrf-token", "/here?request=0199b8d2");
        all.extend(rendered![page;
            view::ErrorPage => "error.html",
            view::FormPost => "form_post.html",
            view::Leave => "leave.html",
            login::view::SignIn => "login/sign_in.html",
            login::view::SelectAccount => "login/select_account.html",
            login::view::Register => "login/register.html",
            login::view::RegisterVerify => "login/register_verify.html",
            login::view::RegisterVerifyLink => "login/register_verify_link.html",
            login::view::NewPassword => "login/new_password.html",
            login::view::Recover => "login/recover.html",
            login::view::RecoverSent => "login/recover_sent.html",
            login::view::Reset => "login/reset.html",
            login::view::Consent => "login/consent.html",
            login::view::Device => "login/device.html",
            login::view::Decide => "login/decide.html",
            login::view::Decided => "login/decided.html",
            login::view::Logout => "login/logout.html",
            login::view::Farewell => "login/farewell.html",
            login::view::SignedOut => "login/signed_out.html",
            account::view::Index => "account/index.html",
            account::view::Profile => "account/profile.html",
            account::view::Password => "account/password.html",
            account::view::Confirm => "account/confirm.html",
            console::view::Overview => "console/overview.html",
            console::view::Users => "console/users.html",
            console::view::User => "console/user.html",
            console::view::UserNew => "console/user_new.html",
            console::view::UserPassword => "console/user_password.html",
            console::view::UserDelete => "console/user_delete.html",
            console::view::Apps => "console/apps.html",
            console::view::App => "console/app.html",
            console::view::AppNew => "console/app_new.html",
            console::view::AppSecret => "console/app_secret.html",
            console::view::AppDelete => "console/app_delete.html",
            console::view::Api => "console/api.html",
            console::view::Apis => "console/apis.html",
            console::view::Keys => "console/keys.html",
            console::view::Audit => "console/audit.html",
            account::view::Email => "account/email.html",
            account::view::EmailSent => "account/email_sent.html",
            account::view::EmailVerify => "account/email_verify.html",
        ]);
    }
    all
});

fn select<'a>(html: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    html.select(&Selector::parse(selector).unwrap()).collect()
}

fn each(look: impl Fn(&Sample, &Html)) {
    for sample in &*SAMPLES {
        look(sample, &Html::parse_document(&sample.html));
    }
}

#[test]
fn every_page_is_a_whole_document_in_its_language() {
    let folder = std::env::var_os("SIGNET_RENDER_DIR");
    each(|sample, html| {
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(Path::new(folder).join(format!("{}.html", sample.name)), &sample.html).unwrap();
        }
        assert!(html.errors.is_empty(), "{}: {:?}", sample.name, html.errors);
        assert_eq!(select(html, "h1").len(), 1, "{}", sample.name);
        assert_eq!(select(html, "main").len(), 1, "{}", sample.name);
        let lang = select(html, "html").first().unwrap().attr("lang").unwrap().to_owned();
        assert!(sample.name.ends_with(&lang), "{}", sample.name);
        let title: String = select(html, "title").first().unwrap().text().collect();
        assert!(!title.trim_start().starts_with('·'), "{}", sample.name);
    });
}

#[test]
fn no_page_has_script_or_style_of_its_own() {
    each(|sample, html| {
        for script in select(html, "script") {
            assert!(
                script.attr("src").unwrap_or_default().starts_with("/static/"),
                "{}",
                sample.name
            );
            assert!(script.text().all(|text| text.is_empty()), "{}", sample.name);
        }
        assert!(select(html, "style").is_empty(), "{}", sample.name);
        for element in select(html, "*") {
            for (name, value) in element.value().attrs() {
                assert!(
                    name != "style" && !name.starts_with("on"),
                    "{}: {name}={value}",
                    sample.name
                );
                assert!(!value.starts_with("javascript:"), "{}: {name}={value}", sample.name);
            }
        }
    });
}

#[test]
fn every_form_that_changes_something_carries_the_csrf_token() {
    each(|sample, html| {
        // the answer to an app goes to another server, which must not learn the token
        for form in select(html, "form[method=post]:not(#form-post, #leave)") {
            let fields: Vec<_> = form.select(&Selector::parse("input[name=csrf]").unwrap()).collect();
            assert_eq!(fields.len(), 1, "{}", sample.name);
            assert_eq!(fields[0].attr("value"), Some("csrf-token"), "{}", sample.name);
            assert!(form.attr("action").unwrap().starts_with('/'), "{}", sample.name);
        }
        for form in select(html, "form:not([method=post])") {
            assert_eq!(form.attr("method"), Some("get"), "{}", sample.name);
        }
    });
}

#[test]
fn every_field_has_a_label_and_what_describes_it_exists() {
    each(|sample, html| {
        let ids: Vec<_> = select(html, "[id]")
            .iter()
            .map(|element| element.attr("id").unwrap())
            .collect();
        let unique: BTreeSet<_> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "{}: {ids:?}", sample.name);
        let labelled: BTreeSet<_> = select(html, "label[for]")
            .iter()
            .map(|label| label.attr("for").unwrap())
            .collect();
        for field in select(html, "input:not([type=hidden]), select, textarea") {
            let named = field.attr("id").is_some_and(|id| labelled.contains(id)) || field.attr("aria-label").is_some();
            assert!(named, "{}: {}", sample.name, field.html());
            assert!(
                field.attr("type") != Some("password") || field.attr("value").is_none(),
                "{}",
                sample.name
            );
        }
        for label in &labelled {
            assert!(unique.contains(label), "{}: label for {label}", sample.name);
        }
        for attribute in ["aria-describedby", "aria-labelledby", "aria-controls"] {
            for element in select(html, &format!("[{attribute}]")) {
                for id in element.attr(attribute).unwrap().split_whitespace() {
                    assert!(unique.contains(id), "{}: {attribute}={id}", sample.name);
                }
            }
        }
        for link in select(html, "a[href^='#']") {
            let target = link.attr("href").unwrap().trim_start_matches('#');
            assert!(unique.contains(target), "{}: #{target}", sample.name);
        }
    });
}

#[test]
fn what_is_marked_is_counted_above_and_leads_to_the_field() {
    each(|sample, html| {
        for link in select(html, "#problems a") {
            let target = link.attr("href").unwrap().trim_start_matches('#');
            assert_eq!(
                select(html, &format!("[id='{target}']")).len(),
                1,
                "{}: {target}",
                sample.name
            );
            let error = format!("p.error[id='{target}-error']");
            assert_eq!(select(html, &error).len(), 1, "{}: {target}", sample.name);
            let marked = select(html, "p.error").len();
            let said: String = link.text().collect();
            assert!(
                marked == 1 || said.contains(&marked.to_string()),
                "{}: {said}",
                sample.name
            );
        }
    });
}

#[test]
fn no_list_is_empty() {
    each(|sample, html| {
        for list in select(html, "ul, ol, dl") {
            assert!(
                list.child_elements().next().is_some(),
                "{}: {}",
                sample.name,
                list.html()
            );
        }
    });
}

#[test]
fn every_icon_and_asset_exists() {
    let icons = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/static/icons.svg")).unwrap();
    each(|sample, html| {
        for used in select(html, "use") {
            let (file, name) = used.attr("href").unwrap().split_once('#').unwrap();
            assert!(file.starts_with("/static/"), "{}", sample.name);
            assert!(
                icons.contains(&format!("<symbol id=\"{name}\"")),
                "{}: icon {name}",
                sample.name
            );
        }
        for asset in select(html, "link[href], script[src]") {
            let url = asset.attr("href").or(asset.attr("src")).unwrap();
            assert!(url.starts_with("/static/"), "{}: {}", sample.name, asset.html());
        }
    });
}

#[test]
fn no_page_shows_a_key_or_a_placeholder_and_hostile_values_stay_text() {
    let mut hostile = 0;
    each(|sample, html| {
        assert!(
            !sample.html.contains('⟦'),
            "{}: {}",
            sample.name,
            around(&sample.html, "⟦")
        );
        let text: String = html.root_element().text().collect();
        let text = text.replace(HOSTILE, "");
        assert!(
            !text.contains("{ $") && !text.contains("{{") && !text.contains("{%"),
            "{}",
            sample.name
        );
    });
    for sample in SAMPLES.iter().filter(|sample| sample.name.contains("-hostile")) {
        assert!(sample.html.contains("&#60;script&#62;alert(1)"), "{}", sample.name);
        assert!(!sample.html.contains("<script>alert"), "{}", sample.name);
        hostile += 1;
    }
    assert!(hostile > 0);
}

fn around<'a>(html: &'a str, mark: &str) -> &'a str {
    html.split_once(mark)
        .map_or("", |(_, rest)| rest.split('<').next().unwrap())
}

#[test]
fn every_template_is_rendered_by_a_sample() {
    let rendered: BTreeSet<_> = SAMPLES.iter().map(|sample| sample.template.to_owned()).collect();
    let mut pages = BTreeSet::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    for folder in ["", "login", "account", "console"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let shared = ["base.html", "ui.html", "layout.html", "pieces.html"].contains(&name.as_str());
            if name.ends_with(".html") && !shared {
                pages.insert(format!("{folder}/{name}").trim_start_matches('/').to_owned());
            }
        }
    }
    assert_eq!(rendered, pages);
}
