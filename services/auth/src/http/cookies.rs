//! The cookies of a request (RFC 6265, 5.4).

use axum::http::{HeaderMap, header};

/// The value of the first cookie of this name.
pub(crate) fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let fields = headers.get_all(header::COOKIE).iter();
    fields
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(';'))
        .filter_map(|pair| pair.split_once('='))
        .find(|(found, _)| found.trim() == name)
        .map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn found(fields: &[&'static str], name: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(header::COOKIE, HeaderValue::from_static(field));
        }
        find(&headers, name).map(ToOwned::to_owned)
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let fields = ["theme=dark; xa=1;a=2 ;a=3", "b=4=5"];
        assert_eq!(found(&fields, "a").as_deref(), Some("2"));
        assert_eq!(found(&fields, "b").as_deref(), Some("4=5"));
        assert_eq!(found(&fields, "theme").as_deref(), Some("dark"));
        for absent in ["x", "A", "", "dark"] {
            assert_eq!(found(&fields, absent), None, "{absent}");
        }
        assert_eq!(found(&["a", ";;=;", ""], "a"), None);
    }
}
