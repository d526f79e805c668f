//! The tokens of Rust source, as far as paths need them: without comments, literals and code for tests.

/// A word or a sign, and its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// The tokens of a file. `::` is one token; any other sign is one character.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut scanner = Scanner { chars: source.chars().collect(), at: 0, line: 1, tokens: Vec::new() };
    while scanner.at < scanner.chars.len() {
        scanner.step();
    }
    scanner.tokens
}

/// Splits code for tests off: the rest, and the names of the modules in files that only tests have.
pub(crate) fn without_tests(tokens: &[Token]) -> (Vec<Token>, Vec<String>) {
    let (mut rest, mut modules, mut at) = (Vec::new(), Vec::new(), 0);
    while at < tokens.len() {
        if !is_test_attribute(&tokens[at..]) {
            rest.push(tokens[at].clone());
            at += 1;
            continue;
        }
        while text(tokens, at) == "#" {
            at = after_group(tokens, at + 1);
        }
        let end = after_item(tokens, at);
        if let Some(module) = (at..end).find(|&at| text(tokens, at) == "mod")
            && text(tokens, module + 2) == ";"
        {
            modules.push(text(tokens, module + 1).to_owned());
        }
        at = end;
    }
    (rest, modules)
}

/// Whether an attribute begins here that leaves its item to tests: `cfg` with `test` in it, also in `all(…)` and `any(…)`.
fn is_test_attribute(tokens: &[Token]) -> bool {
    let starts = ["#", "[", "cfg", "("].iter().enumerate().all(|(at, word)| text(tokens, at) == *word);
    let end = after_group(tokens, 1);
    let has = |word: &str| tokens[..end].iter().any(|token| token.text == word);
    starts && has("test") && !has("not")
}

/// Behind the item that begins here.
fn after_item(tokens: &[Token], mut at: usize) -> usize {
    let with_semicolon = (at..tokens.len())
        .map(|at| text(tokens, at))
        .find(|word| ["use", "const", "static", "type", "let", "fn", "mod", "struct", "impl"].contains(word))
        .is_some_and(|word| ["use", "const", "static", "type", "let"].contains(&word));
    while at < tokens.len() {
        match text(tokens, at) {
            ";" => return at + 1,
            "{" if !with_semicolon => return after_group(tokens, at),
            "(" | "[" | "{" => at = after_group(tokens, at),
            _ => at += 1,
        }
    }
    at
}

/// Behind the bracket that closes the one here.
fn after_group(tokens: &[Token], start: usize) -> usize {
    let mut depth = 0_usize;
    for at in start..tokens.len() {
        match text(tokens, at) {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

/// The text of a token; empty behind the last one.
pub(crate) fn text(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| &token.text)
}

struct Scanner {
    chars: Vec<char>,
    at: usize,
    line: usize,
    tokens: Vec<Token>,
}

impl Scanner {
    fn step(&mut self) {
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => self.skip_while(|sign| sign != '\n'),
            ('/', '*') => self.skip_block_comment(),
            ('"', _) => self.skip_text(),
            ('\'', _) => self.skip_char_or_lifetime(),
            ('r' | 'b' | 'c', '"' | '\'' | '#' | 'r') if self.skip_prefixed_literal() => {}
            (':', ':') => {
                self.push("::".to_owned());
                self.skip(2);
            }
            (sign, _) if is_word(sign) => {
                let start = self.at;
                self.skip_while(is_word);
                let word = self.chars[start..self.at].iter().collect();
                self.push(word);
            }
            (sign, _) if sign.is_whitespace() => self.skip(1),
            (sign, _) => {
                self.push(sign.to_string());
                self.skip(1);
            }
        }
    }

    fn push(&mut self, text: String) {
        self.tokens.push(Token { text, line: self.line });
    }

    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn skip(&mut self, count: usize) {
        let end = (self.at + count).min(self.chars.len());
        self.line += self.chars[self.at..end].iter().filter(|sign| **sign == '\n').count();
        self.at = end;
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) {
        while self.at < self.chars.len() && wanted(self.peek(0)) {
            self.skip(1);
        }
    }

    /// Block comments nest.
    fn skip_block_comment(&mut self) {
        let mut depth = 0_usize;
        while self.at < self.chars.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    self.skip(1);
                    continue;
                }
            }
            self.skip(2);
            if depth == 0 {
                return;
            }
        }
    }

    /// A literal in double quotes.
    fn skip_text(&mut self) {
        self.skip(1);
        while self.at < self.chars.len() && self.peek(0) != '"' {
            self.skip(if self.peek(0) == '\\' { 2 } else { 1 });
        }
        self.skip(1);
    }

    fn skip_char_or_lifetime(&mut self) {
        if self.peek(1) == '\\' {
            self.skip(3);
            self.skip_while(|sign| sign != '\'');
            self.skip(1);
        } else if self.peek(2) == '\'' {
            self.skip(3);
        } else {
            self.skip(1);
            self.skip_while(is_word);
        }
    }

    /// A literal with a prefix, such as `b"…"`, `b'…'`, `r#"…"#` or `br"…"`; whether there is one. `r#word` is none.
    fn skip_prefixed_literal(&mut self) -> bool {
        let prefix = (0..).take_while(|&ahead| matches!(self.peek(ahead), 'r' | 'b' | 'c')).count();
        let hashes = (prefix..).take_while(|&ahead| self.peek(ahead) == '#').count();
        let is_raw = (0..prefix).any(|ahead| self.peek(ahead) == 'r');
        match self.peek(prefix + hashes) {
            '"' if is_raw => {
                self.skip(prefix + hashes + 1);
                let is_end =
                    |this: &Self| this.peek(0) == '"' && (1..=hashes).all(|ahead| this.peek(ahead) == '#');
                while self.at < self.chars.len() && !is_end(self) {
                    self.skip(1);
                }
                self.skip(1 + hashes);
                true
            }
            '"' if hashes == 0 => {
                self.skip(prefix);
                self.skip_text();
                true
            }
            '\'' if hashes == 0 && prefix == 1 && self.peek(0) == 'b' => {
                self.skip(1);
                self.skip_char_or_lifetime();
                true
            }
            _ => false,
        }
    }
}

fn is_word(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> String {
        let words: Vec<_> = tokens(source).into_iter().map(|token| token.text).collect();
        words.join(" ")
    }

    #[test]
    fn comments_and_literals_are_left_out() {
        assert_eq!(words("a // b\n/* c /* d */ e */ f"), "a f");
        assert_eq!(words(r##"a "b \" c" r"\" r#"d " e"# b'f' '\'' '\u{1f}' b"g" br"h" i"##), "a i");
        assert_eq!(words("fn f<'a>(b: &'a str) -> crate::C"), "fn f < > ( b : & str ) - > crate :: C");
        assert_eq!(words("for bar in rows { 'x: loop {} }"), "for bar in rows { : loop { } }");
    }

    #[test]
    fn a_token_knows_its_line() {
        let lines: Vec<_> = tokens("a\n/* \n */ b \"\n\" c").into_iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 3, 4]);
    }

    #[test]
    fn code_for_tests_is_left_out() {
        let source = "#[cfg(test)]\nmod tests;\nuse a::B;\n#[cfg(test)] #[allow(x)] mod more { fn f() {} }\n\
                      #[cfg(any(test, fuzzing))] pub mod fuzz;\n#[cfg(all(test, unix))] mod unix;\n#[cfg(test)] use c::{d, e};\n#[cfg(not(test))] fn f() {}";
        let (rest, modules) = without_tests(&tokens(source));
        let words: Vec<_> = rest.iter().map(|token| token.text.as_str()).collect();
        assert_eq!(words.join(" "), "use a :: B ; # [ cfg ( not ( test ) ) ] fn f ( ) { }");
        assert_eq!(modules, ["tests", "fuzz", "unix"]);
    }
}
