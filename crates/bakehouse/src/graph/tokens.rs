//! The tokens of Rust text. Reading them from the text itself takes a tenth of the time of a token stream, which
//! allocates each of them.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter, memchr2, memchr3, memmem};
use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// A token, in the order of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lexeme<'a> {
    Ident(Cow<'a, str>),
    Punct(char, Spacing),
    /// A number, a character or a string, as it is written.
    Literal(Cow<'a, str>),
    /// A comment that documents something.
    Doc {
        /// Whether it documents what contains it.
        inner: bool,
    },
    Open(Delimiter),
    Close(Delimiter),
}

/// Returns the tokens of `text`, or `None` if it is not Rust.
pub fn tokens(text: &str) -> Option<Vec<Lexeme<'_>>> {
    match Lexer::new(text).run() {
        Ok(all) => Some(all),
        Err(Unclear) => {
            let mut all = Vec::new();
            flatten(text.parse().ok()?, &mut all);
            Some(all)
        }
    }
}

/// Adds the tokens of a stream. It has comments as attributes.
fn flatten(stream: TokenStream, all: &mut Vec<Lexeme<'_>>) {
    // A stack, since text can nest deeper than a thread's stack allows.
    let mut open = vec![(stream.into_iter(), None)];
    while let Some((stream, delimiter)) = open.last_mut() {
        match stream.next() {
            None => {
                all.extend(delimiter.map(Lexeme::Close));
                open.pop();
            }
            Some(TokenTree::Group(group)) => {
                all.push(Lexeme::Open(group.delimiter()));
                open.push((group.stream().into_iter(), Some(group.delimiter())));
            }
            Some(TokenTree::Ident(ident)) => all.push(Lexeme::Ident(ident.to_string().into())),
            Some(TokenTree::Punct(punct)) => {
                all.push(Lexeme::Punct(punct.as_char(), punct.spacing()));
            }
            Some(TokenTree::Literal(literal)) => {
                all.push(Lexeme::Literal(literal.to_string().into()));
            }
        }
    }
}

/// Text that only the parser of token streams decides on: no Rust, or letters outside ASCII between literals.
struct Unclear;

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    open: Vec<Delimiter>,
    found: Vec<Lexeme<'a>>,
}

/// The form of a string.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Bytes,
    C,
}

impl<'a> Lexer<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text: text.strip_prefix('\u{feff}').unwrap_or(text),
            at: 0,
            open: Vec::new(),
            // Rust has about one token for six bytes.
            found: Vec::with_capacity(text.len() / 6),
        }
    }

    fn run(mut self) -> Result<Vec<Lexeme<'a>>, Unclear> {
        while let Some(first) = self.peek(0) {
            match first {
                b' ' | 0x09..=0x0d => self.at += 1,
                b'/' if self.peek(1) == Some(b'/') => self.line_comment()?,
                b'/' if self.peek(1) == Some(b'*') => self.block_comment()?,
                b'(' if self.rest().starts_with("(/*ERROR*/)") => return Err(Unclear),
                b'(' => self.enter(Delimiter::Parenthesis),
                b'[' => self.enter(Delimiter::Bracket),
                b'{' => self.enter(Delimiter::Brace),
                b')' => self.leave(Delimiter::Parenthesis)?,
                b']' => self.leave(Delimiter::Bracket)?,
                b'}' => self.leave(Delimiter::Brace)?,
                b'"' => self.string(0, Form::Text)?,
                b'\'' => self.quote()?,
                b'0'..=b'9' => self.number()?,
                b'_' | b'a'..=b'z' | b'A'..=b'Z' => self.word(first)?,
                _ if is_punct(first) => {
                    self.at += 1;
                    let spacing = self.spacing();
                    self.found.push(Lexeme::Punct(char::from(first), spacing));
                }
                _ => return Err(Unclear),
            }
        }
        match self.open.is_empty() {
            true => Ok(self.found),
            false => Err(Unclear),
        }
    }

    fn peek(&self, further: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + further).copied()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn enter(&mut self, delimiter: Delimiter) {
        self.at += 1;
        self.open.push(delimiter);
        self.found.push(Lexeme::Open(delimiter));
    }

    fn leave(&mut self, delimiter: Delimiter) -> Result<(), Unclear> {
        if self.open.pop() != Some(delimiter) {
            return Err(Unclear);
        }
        self.at += 1;
        self.found.push(Lexeme::Close(delimiter));
        Ok(())
    }

    /// Returns whether the next character forms one operator with the mark before it.
    fn spacing(&self) -> Spacing {
        let next = self.peek(0);
        let comment = next == Some(b'/') && matches!(self.peek(1), Some(b'/' | b'*'));
        let joint = next.is_some_and(|next| is_punct(next) || next == b'\'');
        match joint && !comment {
            true => Spacing::Joint,
            false => Spacing::Alone,
        }
    }

    fn line_comment(&mut self) -> Result<(), Unclear> {
        let rest = self.rest();
        let line = &rest[..memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())];
        let inner = line.starts_with("//!");
        if inner || line.starts_with("///") && !line.starts_with("////") {
            let ended = rest.len() > line.len();
            let text = line.strip_suffix('\r').filter(|_| ended).unwrap_or(line);
            self.doc(text, inner)?;
        }
        self.at += line.len();
        Ok(())
    }

    fn block_comment(&mut self) -> Result<(), Unclear> {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let (mut depth, mut end) = (0, 0);
        loop {
            end += memchr2(b'/', b'*', &bytes[end..]).ok_or(Unclear)?;
            match (bytes[end], bytes.get(end + 1)) {
                (b'/', Some(b'*')) => {
                    depth += 1;
                    end += 2;
                }
                (b'*', Some(b'/')) => {
                    depth -= 1;
                    end += 2;
                    if depth == 0 {
                        break;
                    }
                }
                _ => end += 1,
            }
        }
        let text = &rest[..end];
        let inner = text.starts_with("/*!");
        if inner || text.starts_with("/**") && !text.starts_with("/***") && text != "/**/" {
            self.doc(text, inner)?;
        }
        self.at += end;
        Ok(())
    }

    fn doc(&mut self, text: &str, inner: bool) -> Result<(), Unclear> {
        has_whole_lines(text)?;
        self.found.push(Lexeme::Doc { inner });
        Ok(())
    }

    /// Reads what begins with a letter: a name, or a literal with a prefix.
    fn word(&mut self, first: u8) -> Result<(), Unclear> {
        let (second, third) = (self.peek(1), self.peek(2));
        match (first, second, third) {
            (b'b', Some(b'"'), _) => self.string(1, Form::Bytes),
            (b'c', Some(b'"'), _) => self.string(1, Form::C),
            (b'b', Some(b'\''), _) => self.byte(),
            (b'b', Some(b'r'), Some(b'"' | b'#')) => self.raw_string(2, Form::Bytes),
            (b'c', Some(b'r'), Some(b'"' | b'#')) => self.raw_string(2, Form::C),
            (b'r', Some(b'"'), _) | (b'r', Some(b'#'), Some(b'"' | b'#')) => {
                self.raw_string(1, Form::Text)
            }
            (b'r', Some(b'#'), _) => {
                let name = &self.rest()[..2 + self.length_of_name(2)?];
                if matches!(
                    name,
                    "r#" | "r#_" | "r#super" | "r#self" | "r#Self" | "r#crate"
                ) {
                    return Err(Unclear);
                }
                self.name(name.len());
                Ok(())
            }
            _ => {
                let length = self.length_of_name(0)?;
                self.name(length);
                Ok(())
            }
        }
    }

    fn name(&mut self, length: usize) {
        let name = &self.rest()[..length];
        self.at += length;
        self.found.push(Lexeme::Ident(name.into()));
    }

    /// Returns the length of the name that begins `further` on; 0 if there is none.
    fn length_of_name(&self, further: usize) -> Result<usize, Unclear> {
        let bytes = &self.text.as_bytes()[self.at + further..];
        if bytes.first().is_some_and(u8::is_ascii_digit) {
            return Ok(0);
        }
        length_of_word(bytes)
    }

    /// Adds the literal that ends `length` on, with its suffix.
    fn literal(&mut self, length: usize) -> Result<(), Unclear> {
        let length = length + self.length_of_name(length)?;
        let literal = &self.rest()[..length];
        self.at += length;
        self.found.push(Lexeme::Literal(literal.into()));
        Ok(())
    }

    /// Reads a string that begins after a prefix.
    fn string(&mut self, prefix: usize, form: Form) -> Result<(), Unclear> {
        let bytes = self.rest().as_bytes();
        let mut end = prefix + 1;
        loop {
            end += memchr3(b'"', b'\\', b'\r', &bytes[end..]).ok_or(Unclear)?;
            match (bytes[end], bytes.get(end + 1)) {
                (b'"', _) => break,
                (b'\r', Some(b'\n')) => end += 2,
                (b'\\', Some(b'\n' | b'\r')) => end = after_break(bytes, end + 1)?,
                (b'\\', _) => end = after_escape(bytes, end, form)?,
                _ => return Err(Unclear),
            }
        }
        self.suits(prefix, end, form)?;
        self.literal(end + 1)
    }

    /// Reads a raw string, whose marks begin after a prefix.
    fn raw_string(&mut self, prefix: usize, form: Form) -> Result<(), Unclear> {
        let rest = self.rest();
        let marks = rest[prefix..].bytes().take_while(|byte| *byte == b'#');
        let marks = marks.count();
        let begin = prefix + marks + 1;
        if marks > 255 || rest.as_bytes().get(begin - 1) != Some(&b'"') {
            return Err(Unclear);
        }
        let closing = format!("\"{}", "#".repeat(marks));
        let text = &rest.as_bytes()[begin..];
        let end = begin + memmem::find(text, closing.as_bytes()).ok_or(Unclear)?;
        has_whole_lines(&rest[begin..end])?;
        self.suits(begin, end, form)?;
        self.literal(end + closing.len())
    }

    /// Checks the characters of a string.
    fn suits(&self, begin: usize, end: usize, form: Form) -> Result<(), Unclear> {
        let text = &self.rest()[begin..end];
        let suits = match form {
            Form::Text => true,
            Form::Bytes => text.is_ascii(),
            Form::C => !text.contains('\0'),
        };
        if suits { Ok(()) } else { Err(Unclear) }
    }

    fn byte(&mut self) -> Result<(), Unclear> {
        let bytes = self.rest().as_bytes();
        let end = match bytes.get(2) {
            Some(b'\\') => after_escape(bytes, 2, Form::Bytes)?,
            Some(byte) if byte.is_ascii() => 3,
            _ => return Err(Unclear),
        };
        if bytes.get(end) != Some(&b'\'') {
            return Err(Unclear);
        }
        self.literal(end + 1)
    }

    /// Reads a character or a lifetime.
    fn quote(&mut self) -> Result<(), Unclear> {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        if bytes.get(1) == Some(&b'\\') {
            let end = after_escape(bytes, 1, Form::Text)?;
            if bytes.get(end) != Some(&b'\'') {
                return Err(Unclear);
            }
            return self.literal(end + 1);
        }
        let width = rest[1..].chars().next().ok_or(Unclear)?.len_utf8();
        if bytes.get(1 + width) == Some(&b'\'') {
            return self.literal(width + 2);
        }
        let length = self.length_of_name(1)?;
        if length == 0 || matches!(bytes.get(1 + length), Some(b'\'' | b'#')) {
            return Err(Unclear);
        }
        self.at += 1;
        self.found.push(Lexeme::Punct('\'', Spacing::Joint));
        self.name(length);
        Ok(())
    }

    fn number(&mut self) -> Result<(), Unclear> {
        let bytes = self.rest().as_bytes();
        let base = match bytes {
            [b'0', b'x', ..] => 16,
            [b'0', b'o', ..] => 8,
            [b'0', b'b', ..] => 2,
            _ => 10,
        };
        let mut end = 0;
        if base == 10 {
            end += length_of_digits(bytes);
            let after = bytes.get(end + 1).copied().unwrap_or_default();
            let continues = after == b'.' || after == b'_' || after.is_ascii_alphabetic();
            if bytes.get(end) == Some(&b'.') && !continues {
                end += 1 + length_of_digits(&bytes[end + 1..]);
            }
            if matches!(bytes.get(end), Some(b'e' | b'E')) {
                let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
                let exponent = &bytes[end + 1 + sign..];
                let length = length_of_digits(exponent);
                if exponent[..length].iter().any(u8::is_ascii_digit) {
                    end += 1 + sign + length;
                }
            }
        } else {
            let digits = bytes[2..].iter().filter(|byte| **byte != b'_');
            let digits = digits.map_while(|byte| char::from(*byte).to_digit(16));
            let mut digits = digits.take_while(|digit| *digit < 10 || base == 16);
            if digits.next().is_none_or(|first| first >= base) || digits.any(|one| one >= base) {
                return Err(Unclear);
            }
        }
        end += length_of_word(&bytes[end..])?;
        let literal = &self.rest()[..end];
        self.at += end;
        self.found.push(Lexeme::Literal(literal.into()));
        Ok(())
    }
}

fn is_punct(byte: u8) -> bool {
    b"~!@#$%^&*-=+|;:,<.>/?".contains(&byte)
}

/// Returns the number of digits that `bytes` begin with.
fn length_of_digits(bytes: &[u8]) -> usize {
    let is_part = |byte: &&u8| byte.is_ascii_digit() || **byte == b'_';
    bytes.iter().take_while(is_part).count()
}

/// Returns the number of letters and digits that `bytes` begin with.
fn length_of_word(bytes: &[u8]) -> Result<usize, Unclear> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let length = bytes.iter().take_while(|byte| is_part(byte)).count();
    match bytes.get(length) {
        Some(next) if !next.is_ascii() => Err(Unclear),
        _ => Ok(length),
    }
}

/// Checks that a carriage return is only at the end of a line.
fn has_whole_lines(text: &str) -> Result<(), Unclear> {
    let bytes = text.as_bytes();
    let mut returns = memchr_iter(b'\r', bytes);
    match returns.all(|at| bytes.get(at + 1) == Some(&b'\n')) {
        true => Ok(()),
        false => Err(Unclear),
    }
}

/// Returns the place after the line break at `at` and the blanks that follow it, which a backslash takes away.
fn after_break(bytes: &[u8], mut at: usize) -> Result<usize, Unclear> {
    loop {
        at += match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'\r'), Some(b'\n')) => 2,
            (Some(b' ' | b'\t' | b'\n'), _) => 1,
            (Some(b'\r') | None, _) => return Err(Unclear),
            _ => return Ok(at),
        };
    }
}

/// Returns the place after the escape at `at`.
fn after_escape(bytes: &[u8], at: usize, form: Form) -> Result<usize, Unclear> {
    let digits = |from: usize, most: u8| {
        let [high, low] = *bytes.get(from..from + 2)? else {
            return None;
        };
        (high.is_ascii_hexdigit() && high <= most && low.is_ascii_hexdigit()).then_some(from + 2)
    };
    let end = match bytes.get(at + 1).ok_or(Unclear)? {
        b'n' | b'r' | b't' | b'\\' | b'\'' | b'"' => Some(at + 2),
        b'0' if form != Form::C => Some(at + 2),
        b'x' if form == Form::Text => digits(at + 2, b'7'),
        b'x' if form == Form::Bytes => digits(at + 2, b'f'),
        b'u' if form == Form::Text && bytes.get(at + 2) == Some(&b'{') => {
            let length = memchr(b'}', &bytes[at..]);
            length.map(|length| at + length + 1).filter(|end| {
                let code = std::str::from_utf8(&bytes[at + 3..end - 1]);
                let code = code.map(|code| code.replace('_', "")).unwrap_or_default();
                let value = u32::from_str_radix(&code, 16);
                bytes[at + 3] != b'_' && value.is_ok_and(|value| char::from_u32(value).is_some())
            })
        }
        // Those of C strings are rare.
        _ => None,
    };
    end.ok_or(Unclear)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the tokens that the parser of token streams finds.
    fn expected(text: &str) -> Option<Vec<Lexeme<'_>>> {
        let mut all = Vec::new();
        flatten(text.parse().ok()?, &mut all);
        Some(all)
    }

    /// Replaces comments by the attributes that they stand for, without their text.
    fn with_attributes(tokens: Vec<Lexeme<'_>>) -> Vec<Lexeme<'_>> {
        let mut all: Vec<Lexeme<'_>> = Vec::new();
        for token in tokens {
            let Lexeme::Doc { inner } = token else {
                all.push(token);
                continue;
            };
            let bang = Lexeme::Punct('!', Spacing::Alone);
            all.push(Lexeme::Punct('#', Spacing::Alone));
            all.extend(inner.then_some(bang));
            all.push(Lexeme::Open(Delimiter::Bracket));
            all.push(Lexeme::Ident("doc".into()));
            all.push(Lexeme::Punct('=', Spacing::Alone));
            all.push(Lexeme::Literal("".into()));
            all.push(Lexeme::Close(Delimiter::Bracket));
        }
        without_texts(all)
    }

    /// Removes the texts of comments.
    fn without_texts(mut all: Vec<Lexeme<'_>>) -> Vec<Lexeme<'_>> {
        for at in 2..all.len() {
            let is_doc = matches!(&all[at - 2], Lexeme::Ident(name) if name == "doc");
            if is_doc && let Lexeme::Literal(text) = &mut all[at] {
                *text = "".into();
            }
        }
        all
    }

    fn same(text: &str, name: &str) {
        let found = tokens(text).map(with_attributes);
        assert_eq!(found, expected(text).map(without_texts), "{name}");
    }

    #[test]
    fn tokens_are_those_of_a_token_stream() {
        let table = [
            "",
            "fn main() { a::<B>(1..2, 1.5e+3f64, 0x1e+2, 1.max(2), 1., 1_0u8, 1e5, t.0.1, 1e+_5, 1f64e+3, 1.5e+, 0b1_0u8, 0o7i64) }",
            "'a 'static: 'b' '\\'' '\\u{1F600}' b'\\xff' '''' 'é' '\"'",
            "\"a\\\"b\" b\"\\x7f\" c\"x\" r\"\\\" r#\"a\"b\"# br##\"\"#\"## \"a\\\n   b\" \"é\"",
            "r#type r#fn \"x\"suffix 1u8 br b r c _ __a",
            "/// a\n//! b\n// c\n//// d\n/** e */ /*! f */ /* g /* h */ */ /**/ /***/ x",
            "a+=b>>=c..=d=>e->f!=g//h\n/i",
            "#![a] #[b = \"c\"] d!{ e } f![g] h!(i)",
            "\u{feff}a",
            "größe \"größe\" /* größe */ a\u{a0}b",
            "a\r\nb \"c\r\nd\" /// e\r\nf",
            // These are not Rust.
            "(",
            ")",
            "(]",
            "\"",
            "'",
            "'ab'",
            "/* a",
            "\"\\q\"",
            "\"\\x80\"",
            "\"\\u{110000}\"",
            "\"\\u{}\"",
            "b\"é\"",
            "`",
            "\\",
            "r#\"",
            "r##a",
            "r#self",
            "\"a\rb\"",
            "/// a\rb\n",
            "b'é'",
            "b''",
            "c\"\\0\"",
            "\"\\",
            "'\\",
            "(/*ERROR*/)",
            "0b2",
            "0x",
            "0o_",
            "0xg",
            "1._",
            "1..2",
        ];
        for text in table {
            same(text, text);
        }
    }

    #[test]
    fn tokens_of_this_repository_are_those_of_token_streams() {
        let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
        let mut files = 0;
        for entry in ignore::Walk::new(sources).flatten() {
            if entry.path().extension().is_some_and(|is| is == "rs") {
                let text = std::fs::read_to_string(entry.path()).expect("it is readable");
                same(&text, &entry.path().display().to_string());
                files += 1;
            }
        }
        assert!(files > 100);
    }

    proptest::proptest! {
        #[test]
        fn tokens_of_any_text_are_those_of_a_token_stream(
            text in r#"([ a-z_0-9.'"\\#!/*rbcxuen{}()\[\]+\r\n-]|\u{e9}|r#"|"\#|//|/\*|\*/|'a|\\u\{){0,12}"#
        ) {
            same(&text, &text);
        }
    }
}
