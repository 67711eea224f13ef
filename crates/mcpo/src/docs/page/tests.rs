use super::*;

#[test]
fn defect_36_pages_ask_no_other_host() {
    for kind in [PageKind::Swagger, PageKind::Redoc] {
        let html = html(kind, "time", "openapi.json", "../_mcpo/assets/");
        assert!(!html.contains("//"), "{html}");
        assert!(
            !html.contains("<script>") && !html.contains(" onload") && !html.contains("<style"),
            "{html}"
        );
        // Relative, so that any root path will do.
        for attribute in ["href=\"", "src=\"", "data-openapi=\""] {
            for target in html.split(attribute).skip(1) {
                assert!(
                    target.starts_with("openapi.json") || target.starts_with("../_mcpo/assets/"),
                    "{target}"
                );
            }
        }
    }
}

#[test]
fn every_file_of_a_page_is_served() {
    for kind in [PageKind::Swagger, PageKind::Redoc] {
        let html = html(kind, "t", "openapi.json", "assets/");
        let files: Vec<_> = html.split("assets/").skip(1).filter_map(|rest| rest.split('?').next()).collect();
        assert!(files.len() >= 4);
        for file in files {
            assert!(asset::asset(file).is_some(), "{file}");
        }
    }
}

#[test]
fn titles_are_escaped() {
    let html = html(PageKind::Swagger, "<script>alert('1')</script>", "a\"b&c.json", "x/");
    assert!(
        html.contains("<title>&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; - Swagger UI</title>"),
        "{html}"
    );
    assert!(html.contains("data-openapi=\"a&quot;b&amp;c.json\""));
}

#[test]
fn the_policy_forbids_scripts_from_elsewhere() {
    let response = page(PageKind::Redoc, "t", "openapi.json", "assets/");
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    assert!(!policy.contains("http") && !policy.contains("unsafe-eval"));
}
