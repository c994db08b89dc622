use std::time::Duration;

/// The variable with the interval in milliseconds. `--interval` takes precedence.
pub const VARIABLE: &str = "ATTUNE_TIMER_INTERVAL_MS";

const DEFAULT_MS: u32 = 1000;

/// Returns the interval from the arguments, the variable or the default, in this order.
pub fn read(arguments: &[String], variable: Option<&str>) -> Result<Duration, String> {
    let (name, text) = match arguments {
        [] => (VARIABLE, variable.filter(|text| !text.is_empty())),
        [flag, value] if flag == "--interval" => ("--interval", Some(value.as_str())),
        _ => {
            return Err(format!(
                "unknown arguments; usage: [--version | --interval <ms>], or set {VARIABLE}"
            ));
        }
    };
    let Some(text) = text else {
        return Ok(Duration::from_millis(DEFAULT_MS.into()));
    };
    match text.parse::<u32>() {
        Ok(ms @ 1..) => Ok(Duration::from_millis(ms.into())),
        _ => Err(format!(
            "{name} is \"{text}\" but must be a whole number of milliseconds above 0"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_argument_wins() {
        let ms = Duration::from_millis;
        assert_eq!(read(&[], None), Ok(ms(1000)));
        assert_eq!(read(&[], Some("250")), Ok(ms(250)));
        let given = arguments(&["--interval", "5"]);
        assert_eq!(read(&given, Some("250")), Ok(ms(5)));
    }

    #[test]
    fn nonsense_is_refused() {
        for words in [
            &["--interval"][..],
            &["--interval", "0"],
            &["--interval", "1.5"],
            &["-x"],
        ] {
            assert!(read(&arguments(words), None).is_err(), "{words:?}");
        }
        assert!(read(&[], Some("soon")).is_err());
    }
}
