//! Times in zones. The zones are compiled in: a computer without them is served as well.

use jiff::{ZonedDateTime, civil, fmt::strtime, tz::TimeZone};
use serde::Serialize;

use super::tools::{ConvertTime, CurrentTime};

/// A moment as it is told.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    timezone: String,
    datetime: String,
    weekday: String,
    is_dst: bool,
}

impl Told {
    fn new(moment: &ZonedDateTime) -> Self {
        let zone = moment.time_zone();
        Self {
            timezone: zone.iana_name().unwrap_or("UTC").to_owned(),
            datetime: strtime::format("%Y-%m-%dT%H:%M:%S%:z", moment).unwrap_or_else(|_| moment.to_string()),
            weekday: strtime::format("%A", moment).unwrap_or_default(),
            is_dst: zone.to_offset_info(moment.timestamp()).dst().is_dst(),
        }
    }
}

/// Now.
pub(super) fn current(arguments: &CurrentTime) -> Result<Told, String> {
    let zone = arguments.timezone.as_deref().map_or_else(|| Ok(TimeZone::system()), zone)?;
    Ok(Told::new(&ZonedDateTime::now().with_time_zone(zone)))
}

/// The same moment elsewhere.
pub(super) fn convert(arguments: &ConvertTime) -> Result<Told, String> {
    let (from, to) = (zone(&arguments.from)?, zone(&arguments.to)?);
    let time = arguments.time.trim();
    let local = time
        .parse::<civil::DateTime>()
        .or_else(|_| {
            time.parse::<civil::Time>()
                .map(|time| ZonedDateTime::now().with_time_zone(from.clone()).date().to_datetime(time))
        })
        .map_err(|_| format!("`{time}` is no time. Use HH:MM or YYYY-MM-DDTHH:MM."))?;
    let moment =
        local.to_zoned_datetime(from).map_err(|error| format!("`{time}` cannot be converted: {error}"))?;
    Ok(Told::new(&moment.with_time_zone(to)))
}

fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name.trim())
        .map_err(|_| format!("`{name}` is no known time zone. Use an IANA name such as Europe/Berlin."))
}
