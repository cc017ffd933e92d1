//! Texts that users read are plain technical English: string literals of the sources, `--help` and the CRD contain none of the
//! words that mark the style that the project has abandoned.

use repository::{File, files};
use std::path::Path;

/// Folders whose string literals are checked.
const SOURCES: [&str; 17] = [
    "operator/src",
    "crds/src",
    "services/auth/src",
    "services/order/src",
    "services/product/src",
    "libs/audit/src",
    "libs/clock/src",
    "libs/fail-points/src",
    "libs/ids/src",
    "libs/money/src",
    "libs/access/src",
    "libs/db/src",
    "libs/postal/src",
    "libs/telemetry/src",
    "libs/text/src",
    "libs/web/src",
    "libs/worker/src",
];
/// Files whose doc comments are printed by `--help`.
const HELP: [&str; 5] = [
    "libs/access/src/verifier.rs",
    "operator/src/config.rs",
    "services/auth/src/config.rs",
    "services/order/src/config.rs",
    "services/product/src/config.rs",
];
/// Documents that users read directly.
const DOCUMENTS: [&str; 6] = [
    "services/auth/openapi.json",
    "services/order/openapi.json",
    "services/product/openapi.json",
    "crds/ecommercestacks.yaml",
    "charts/ecommercestack-operator/values.yaml",
    "charts/ecommercestack-operator/templates/NOTES.txt",
];
const MARKS: [&str; 6] = [
    "nobody",
    "somebody",
    "whoever",
    "anew",
    "in vain",
    "that is so",
];

/// A text of a file and the line where it begins.
#[derive(Debug, PartialEq)]
struct Text {
    line: usize,
    text: String,
}

enum Token {
    Literal(Text),
    Code(char),
}

/// A source file as string literals and the code between them, without comments.
struct Scanner<'a> {
    rest: &'a str,
    line: usize,
    /// The last character of code; an `r` after it may belong to an identifier.
    before: char,
}

impl Scanner<'_> {
    fn advance(&mut self, length: usize) -> String {
        let (taken, rest) = self.rest.split_at(length);
        let taken = taken.to_owned();
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    /// Advances beyond the next `end`, and returns what is before it.
    fn advance_past(&mut self, end: &str) -> String {
        let length = self.rest.find(end).unwrap_or(self.rest.len());
        let taken = self.advance(length);
        self.advance(end.len().min(self.rest.len()));
        taken
    }

    /// The end of a raw string that begins here, such as `"#`, and the length of its beginning.
    fn raw_string(&self) -> Option<(String, usize)> {
        if self.before.is_alphanumeric() || self.before == '_' {
            return None;
        }
        let prefix = ["r", "br", "cr"].into_iter();
        let mut rests = prefix.filter_map(|prefix| self.rest.strip_prefix(prefix));
        let rest = rests.next()?;
        let quoted = rest.trim_start_matches('#');
        let hashes = rest.len() - quoted.len();
        let begins = quoted.starts_with('"');
        let length = self.rest.len() - quoted.len() + 1;
        begins.then(|| (format!("\"{}", "#".repeat(hashes)), length))
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        loop {
            if self.rest.starts_with("/*") {
                depth += 1;
                self.advance(2);
            } else if self.rest.starts_with("*/") {
                depth -= 1;
                self.advance(2);
            } else if let Some(next) = self.rest.chars().next() {
                self.advance(next.len_utf8());
            }
            if depth == 0 || self.rest.is_empty() {
                return;
            }
        }
    }

    /// The text between the quotes, in which a continued line is joined with the next one.
    fn string(&mut self) -> String {
        let mut text = String::new();
        self.advance(1);
        while let Some(next) = self.rest.chars().next() {
            self.advance(next.len_utf8());
            match next {
                '"' => break,
                '\\' => self.escape(&mut text),
                next => text.push(next),
            }
        }
        text
    }

    fn escape(&mut self, text: &mut String) {
        let escaped = self.rest.chars().next().unwrap_or('\\');
        self.advance(escaped.len_utf8().min(self.rest.len()));
        match escaped {
            '\n' => {
                let indent = self.rest.len() - self.rest.trim_start().len();
                self.advance(indent);
            }
            'n' | 't' | 'r' => text.push(' '),
            escaped => text.push(escaped),
        }
    }

    /// The length of a character literal that begins here; a lifetime is not a literal.
    fn character(&self) -> Option<usize> {
        let inner = self.rest.strip_prefix('\'')?;
        let first = inner.chars().next()?;
        if first == '\\' {
            let escaped = inner.chars().nth(1)?.len_utf8();
            return Some(inner[1 + escaped..].find('\'')? + escaped + 3);
        }
        let length = first.len_utf8();
        inner[length..].starts_with('\'').then_some(length + 2)
    }
}

impl Iterator for Scanner<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let next = self.rest.chars().next()?;
            let line = self.line;
            if self.rest.starts_with("//") {
                self.advance_past("\n");
            } else if self.rest.starts_with("/*") {
                self.block_comment();
            } else if let Some((end, length)) = self.raw_string() {
                self.advance(length);
                let text = self.advance_past(&end);
                return Some(Token::Literal(Text { line, text }));
            } else if next == '"' {
                let text = self.string();
                return Some(Token::Literal(Text { line, text }));
            } else if let Some(length) = self.character() {
                self.advance(length);
            } else {
                self.advance(next.len_utf8());
                self.before = next;
                return Some(Token::Code(next));
            }
        }
    }
}

/// The string literals of a source file outside of items for tests.
fn literals(source: &str) -> Vec<Text> {
    const TEST_ITEM: &str = "#[cfg(test)]";
    let mut scanner = Scanner {
        rest: source,
        line: 1,
        before: ' ',
    };
    let mut literals = Vec::new();
    let mut code = String::new();
    while let Some(token) = scanner.next() {
        match token {
            Token::Literal(text) => literals.push(text),
            Token::Code(next) if next.is_whitespace() => {}
            Token::Code(next) => code.push(next),
        }
        if code.ends_with(TEST_ITEM) {
            code.clear();
            skip_item(&mut scanner);
        }
    }
    literals
}

/// Advances beyond the item that begins here: to its closing brace or its semicolon.
fn skip_item(scanner: &mut Scanner<'_>) {
    let mut depth = 0_usize;
    for token in scanner {
        match token {
            Token::Code('(' | '[' | '{') => depth += 1,
            Token::Code(next @ (')' | ']' | '}')) => {
                depth = depth.saturating_sub(1);
                if depth == 0 && next == '}' {
                    return;
                }
            }
            Token::Code(';') if depth == 0 => return,
            Token::Code(_) | Token::Literal(_) => {}
        }
    }
}

/// The doc comments of a source file, a paragraph each.
fn documentation(source: &str) -> Vec<Text> {
    let mut texts = Vec::<Text>::new();
    let mut last = None;
    for (number, line) in source.lines().enumerate() {
        let Some(text) = line.trim_start().strip_prefix("///") else {
            continue;
        };
        match texts.last_mut() {
            Some(paragraph) if last.is_some_and(|last| last + 1 == number) => {
                paragraph.text.push_str(text);
            }
            _ => texts.push(Text {
                line: number + 1,
                text: text.to_owned(),
            }),
        }
        last = Some(number);
    }
    texts
}

/// The marks in a text, as words of their own.
fn marks(text: &str) -> Vec<&'static str> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let holds = |mark: &&str| {
        let mark: Vec<&str> = mark.split(' ').collect();
        words.windows(mark.len()).any(|words| words == mark)
    };
    MARKS.into_iter().filter(holds).collect()
}

/// The texts of a file that users read.
fn texts(file: &File) -> Vec<Text> {
    let path = &file.path;
    let is_source = path.extension().is_some_and(|extension| extension == "rs")
        && !path.ends_with("tests.rs")
        && SOURCES.iter().any(|folder| path.starts_with(folder));
    let mut texts = Vec::new();
    if is_source {
        texts.extend(literals(&file.text));
    }
    if HELP.iter().any(|help| path == Path::new(help)) {
        texts.extend(documentation(&file.text));
    }
    if DOCUMENTS.iter().any(|document| path == Path::new(document)) {
        texts.push(Text {
            line: 1,
            text: file.text.clone(),
        });
    }
    texts
}

#[test]
fn texts_that_users_read_contain_no_mark() {
    let mut found = Vec::new();
    let mut checked = 0;
    for file in files().unwrap() {
        for text in texts(&file) {
            checked += 1;
            let place = format!("{}:{}", file.path.display(), text.line);
            let marks = marks(&text.text).into_iter();
            found.extend(marks.map(|mark| format!("{place} has \"{mark}\"")));
        }
    }
    assert!(checked > 500, "only {checked} texts were found");
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn every_listed_file_exists() {
    let files = files().unwrap();
    for listed in HELP.iter().chain(&DOCUMENTS) {
        let exists = files.iter().any(|file| file.path == Path::new(listed));
        assert!(exists, "{listed} does not exist");
    }
    for folder in SOURCES {
        let exists = files.iter().any(|file| file.path.starts_with(folder));
        assert!(exists, "{folder} does not exist");
    }
}

#[test]
fn a_mark_is_a_word_of_its_own() {
    assert_eq!(marks("Nobody reads it."), ["nobody"]);
    assert_eq!(
        marks("asked\n    in vain, as somebody's"),
        ["somebody", "in vain"]
    );
    assert_eq!(marks("the answer is in vainly renewed panewing"), [""; 0]);
}

#[test]
fn literals_are_read_without_comments_and_tests() {
    let source = r##"
        // "nobody" in a comment
        /* "somebody" /* nested */ "still" */
        const QUOTE: char = '"';
        const ESCAPED: (char, char) = ('\'', '\u{1F600}');
        fn first<'a>(text: &'a str) -> String {
            format!("one \"quoted\" text \
                     in two lines")
        }
        const RAW: &str = r#"a "raw" text"#;
        #[cfg(test)]
        use super::{A, B};
        #[cfg(test)]
        mod tests {
            const COUNTS: [u8; 2] = [1, 2];
            fn whoever() { panic!("anew }"); }
        }
        const BYTES: &[u8] = b"the last";
    "##;
    let found: Vec<_> = literals(source)
        .into_iter()
        .map(|text| (text.line, text.text))
        .collect();
    assert_eq!(
        found,
        [
            (7, "one \"quoted\" text in two lines".to_owned()),
            (10, "a \"raw\" text".to_owned()),
            (18, "the last".to_owned()),
        ]
    );
}

#[test]
fn a_doc_comment_is_read_as_one_text() {
    let source = "/// asked in\n/// vain\nfn a() {}\n    /// other\n";
    let found = documentation(source);
    assert_eq!(found.len(), 2);
    assert_eq!(marks(&found[0].text), ["in vain"]);
    assert_eq!((found[1].line, found[1].text.as_str()), (4, " other"));
}
