//! QR codes as SVG.

use qrcode::{EcLevel, QrCode, render::svg};

/// The side of the picture, in pixels; it scales.
const SIDE: u32 = 240;

/// `text` as a picture: black on white, whatever the page's colours are, with the quiet zone that readers need. `None` if
/// it is too long.
pub fn svg(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let picture = code
        .render::<svg::Color<'_>>()
        .min_dimensions(SIDE, SIDE)
        .dark_color(svg::Color("#000"))
        .light_color(svg::Color("#fff"))
        .build();
    Some(picture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_a_picture_and_a_book_does_not() {
        let picture = svg("https://op.example/device?user_code=WDJB-MJHT").unwrap();
        assert!(picture.contains("<svg") && picture.ends_with("</svg>"));
        assert!(!picture.contains("WDJB"), "only as dots");
        assert_eq!(svg(&"x".repeat(5000)), None);
    }
}
