//! What the page claims of the engine beside it, held against what it is
//! claimed of: the code, and the measurement against a real server.

use crate::source::root;
use crate::text::languages;
use std::fs;

fn file(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

/// The texts between each `<code>` and `</code>`.
fn named(html: &str) -> Vec<&str> {
    html.split("<code>").skip(1).filter_map(|rest| rest.split("</code>").next()).collect()
}

#[test]
fn each_function_that_the_page_names_is_in_the_file_it_names_and_names_the_one_of_redis() {
    let page = file("index.html");
    let (_, table) = page.split_once("<details class=\"code\">").expect("the table of the code");
    let (table, _) = table.split_once("</details>").expect("its end");
    let names = named(table);
    assert!(names.len() >= 32, "{names:?}");
    for row in names.chunks(4) {
        let [redis, _, ours, path] = row else { panic!("half a row: {row:?}") };
        let source = file(&format!("src/{path}"));
        let at = source.find(&format!("fn {ours}<")).or(source.find(&format!("fn {ours}(")));
        let at = at.unwrap_or_else(|| panic!("no function {ours} in {path}"));
        let above = source[..at].lines().rev().skip(1);
        let comment: String = above
            .take_while(|line| line.trim().starts_with("///") || line.trim().starts_with("#["))
            .collect();
        let said = format!("`{redis}`");
        assert!(comment.contains(&said), "{path}: {ours} does not speak of {redis}");
    }
}

#[test]
fn what_the_page_says_of_the_comparison_is_what_was_measured() {
    let report = file("docs/fidelity.md");
    let version = report
        .split_once("Measured against Redis ")
        .and_then(|(_, rest)| rest.split_whitespace().next())
        .expect("the version");
    let rows: Vec<Vec<&str>> = report
        .lines()
        .filter(|line| line.matches('|').count() == 6 && line.contains(" 0 |"))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    let cycles: u32 = rows.iter().map(|row| row[2].parse::<u32>().expect("cycles")).sum();
    assert!(rows.iter().all(|row| row[2] == row[3]), "every cycle equal: {rows:?}");
    for (language, catalogue) in languages() {
        let said = catalogue
            .all()
            .find(|(name, ..)| *name == "html.compared-with-redis")
            .map(|(_, _, [said, ..])| said)
            .expect("the sentence");
        for number in [version.to_owned(), rows.len().to_string(), cycles.to_string()] {
            assert!(said.contains(&format!(" {number}")), "{language}: {number} in {said}");
        }
    }
}
