//! From the texts of the files to a checked profile.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use verification::hours::OpeningHours;
use verification::policy::Policy;
use verification::service::{
    AssistedRoute, ChoiceOption, Condition, ConsentDemand, ConsentText, Field, FieldKind, Group, LegalBasis,
    PALM_CONSENT, Refusal, RequestDemand, RequestKind, Requirement, Service, ServiceId, SuspicionRule, Test,
    Texts,
};

use crate::error::ProfileError;
use crate::file::{
    FileAct, FileAssisted, FileCondition, FileConsent, FileField, FileFieldKind, FileGroup, FileHours,
    FileProfile, FileRefusal, FileRequest, FileService, FileShared, FileTexts, FileWay,
};
use crate::hours::{day, intervals};
use crate::policy::{FilePolicy, KEYS, culprit, unusable_time};
use crate::{Act, Profile, calendar};

/// The version of the format that is read.
const FORMAT: u32 = 1;
/// Longer than any name in the files needs to be.
const NAME_MAX_CHARS: usize = 48;
/// Nobody answers a request within more working days than there are in a quarter.
const WORKING_DAYS_MAX: u16 = 60;

/// The text of a file, and how messages name the file.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// How messages name it.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// The texts that make up a profile.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The profile itself.
    pub profile: Source<'a>,
    /// The working calendar that it names.
    pub calendar: Source<'a>,
    /// What it shares with other profiles, where it names such a file.
    pub shared: Option<Source<'a>>,
}

/// The files that a profile names; they lie beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// The working calendar.
    pub calendar: String,
    /// What several profiles share.
    pub shared: Option<String>,
}

impl Links {
    /// What this profile names.
    ///
    /// # Errors
    /// When the text is no profile.
    pub fn of(source: Source<'_>) -> Result<Self, ProfileError> {
        let file: FileProfile = source.read()?;
        Ok(Self {
            calendar: file.calendar,
            shared: file.shared,
        })
    }
}

impl Source<'_> {
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, ProfileError> {
        toml::from_str(self.text).map_err(|error| ProfileError::Syntax {
            file: self.name.to_owned(),
            message: error.to_string(),
        })
    }

    fn line(&self, span: &Range<usize>) -> usize {
        let before = self.text.as_bytes().iter().take(span.start);
        before.filter(|byte| **byte == b'\n').count() + 1
    }

    pub(crate) fn value(&self, span: &Range<usize>, key: &str, message: String) -> ProfileError {
        ProfileError::Value {
            file: self.name.to_owned(),
            line: self.line(span),
            key: key.to_owned(),
            message,
        }
    }

    fn name(&self, key: &str, name: &Spanned<String>) -> Result<String, ProfileError> {
        let text = name.get_ref();
        let kebab = text.split('-').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        });
        if !kebab || text.len() > NAME_MAX_CHARS {
            return Err(self.value(
                &name.span(),
                key,
                format!(
                    "{text:?} must be lower-case letters and digits, in words joined by hyphens, up to \
                     {NAME_MAX_CHARS} characters"
                ),
            ));
        }
        Ok(text.clone())
    }

    fn texts(&self, key: &str, texts: &FileTexts) -> Result<Texts, ProfileError> {
        let check = |language: &str, text: &Spanned<String>| {
            let wrong = |message| Err(self.value(&text.span(), &format!("{key}.{language}"), message));
            let written = text.get_ref().trim();
            if written.is_empty() {
                return wrong("a text is wanted in each of kk, ru and en; this one is empty".to_owned());
            }
            if written
                .chars()
                .any(|letter| letter.is_control() && letter != '\n')
            {
                return wrong("has a control character; line breaks alone are allowed".to_owned());
            }
            if let Some(word) = mixed_word(written) {
                return wrong(format!(
                    "the word {word:?} mixes Latin and Cyrillic letters; a word is written in one of them"
                ));
            }
            Ok(written.to_owned())
        };
        Ok(Texts {
            kk: check("kk", &texts.kk)?,
            ru: check("ru", &texts.ru)?,
            en: check("en", &texts.en)?,
        })
    }
}

/// The first word in which a Latin letter stands among Cyrillic ones.
fn mixed_word(text: &str) -> Option<&str> {
    text.split(|letter: char| !letter.is_alphabetic()).find(|word| {
        word.chars()
            .any(|letter| ('\u{400}'..='\u{52f}').contains(&letter))
            && word.chars().any(|letter| letter.is_ascii_alphabetic())
    })
}

fn twice<'a>(names: impl IntoIterator<Item = &'a Spanned<String>>) -> Option<&'a Spanned<String>> {
    let mut seen = std::collections::HashSet::new();
    names
        .into_iter()
        .find(|name| !seen.insert(name.get_ref().as_str()))
}

impl Profile {
    /// Reads and checks a profile.
    ///
    /// # Errors
    /// When a text says what it may not: the message names file, line, key, and what is allowed.
    pub fn parse(sources: &Sources<'_>) -> Result<Self, ProfileError> {
        let own = sources.profile;
        let file: FileProfile = own.read()?;
        if *file.format.get_ref() != FORMAT {
            let message = format!("this program reads format {FORMAT}");
            return Err(own.value(&file.format.span(), "format", message));
        }
        let calendar = calendar::parse(sources.calendar)?;
        let shared: FileShared = match sources.shared {
            Some(shared) => shared.read()?,
            None => FileShared::default(),
        };
        let named = own.name("name", &file.name)?;
        let library = Library::read(sources, &file, &shared)?;

        let mut offered: Vec<(Source<'_>, &FileService)> =
            file.service.iter().map(|service| (own, service)).collect();
        for wanted in &file.use_services {
            let found = sources.shared.and_then(|source| {
                let service = shared
                    .service
                    .iter()
                    .find(|service| service.id.get_ref() == wanted.get_ref())?;
                Some((source, service))
            });
            let Some(found) = found else {
                let there: Vec<_> = shared
                    .service
                    .iter()
                    .map(|service| service.id.get_ref().as_str())
                    .collect();
                let message = format!(
                    "{:?} is no service of the shared file; there are: {}",
                    wanted.get_ref(),
                    there.join(", ")
                );
                return Err(own.value(&wanted.span(), "use_services", message));
            };
            offered.push(found);
        }
        if offered.is_empty() {
            let message =
                "a profile offers at least one service, in [[service]] or `use_services`".to_owned();
            return Err(own.value(&file.name.span(), "service", message));
        }
        let mut catalogue: Vec<Service> = Vec::new();
        for (source, service) in offered {
            if catalogue.iter().any(|other| other.id.0 == *service.id.get_ref()) {
                let message = format!("the service {:?} is offered twice", service.id.get_ref());
                return Err(source.value(&service.id.span(), "service.id", message));
            }
            catalogue.push(library.service(source, service)?);
        }
        let used = |act: &Act| {
            let mut named = catalogue.iter().flat_map(|service| &service.legal_basis);
            named.any(|basis| basis.id == act.basis.id)
        };
        let acts = library.acts.iter().filter(|act| used(act)).cloned().collect();
        Ok(Self {
            name: named,
            kind: file.kind,
            title: own.texts("title", &file.title)?,
            policy: policy(own, file.policy.as_ref())?,
            hours: hours(own, &file.hours)?,
            calendar,
            acts,
            consents: library.consents,
            catalogue,
            sha256: [0; 32],
        }
        .sealed())
    }
}

fn policy(source: Source<'_>, file: Option<&Spanned<FilePolicy>>) -> Result<Policy, ProfileError> {
    let Some(file) = file else {
        return Ok(Policy::default());
    };
    let policy = file.get_ref().effective();
    let Err(error) = policy.check() else {
        return match unusable_time(&policy) {
            None => Ok(policy),
            Some(key) => Err(ProfileError::Value {
                file: source.name.to_owned(),
                line: line_of_key(source, file.span().start, key),
                key: format!("policy.{key}"),
                message: format!("is out of reach; allowed is {}", allowed(key)),
            }),
        };
    };
    let given = toml::from_str::<toml::Table>(source.text).ok();
    let given = given.as_ref().and_then(|file| file.get("policy")?.as_table());
    let (key, error) = given.and_then(culprit).unwrap_or_else(|| (String::new(), error));
    let last = key.rsplit('.').next().unwrap_or_default();
    Err(ProfileError::Policy {
        file: source.name.to_owned(),
        line: line_of_key(source, file.span().start, last),
        key: if key.is_empty() {
            "policy".to_owned()
        } else {
            format!("policy.{key}")
        },
        allowed: match key.as_str() {
            "" => String::new(),
            key => format!("; allowed is {}", allowed(key)),
        },
        source: error,
    })
}

fn allowed(key: &str) -> &'static str {
    let known = KEYS.iter().find(|known| known.name == key);
    known.map_or("what the reference says", |known| known.allowed)
}

/// The line behind this place on which the key is set; without one, the line of the place.
fn line_of_key(source: Source<'_>, start: usize, key: &str) -> usize {
    let first = source.line(&(start..start));
    let sets = |line: &&str| {
        let rest = line.trim_start().strip_prefix(key);
        !key.is_empty() && rest.is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let lines = source.text.lines().enumerate().skip(first - 1);
    let mut found = lines.filter(|(_, line)| sets(line));
    found.next().map_or(first, |(at, _)| at + 1)
}

/// Reads the table `[hours]` of a file, of which `source` is the whole text.
///
/// # Errors
/// When an interval or a day is none.
pub fn hours(source: Source<'_>, file: &Spanned<FileHours>) -> Result<OpeningHours, ProfileError> {
    let FileHours {
        mon,
        tue,
        wed,
        thu,
        fri,
        sat,
        sun,
        special,
    } = file.get_ref();
    let days = [
        ("mon", mon),
        ("tue", tue),
        ("wed", wed),
        ("thu", thu),
        ("fri", fri),
        ("sat", sat),
        ("sun", sun),
    ];
    let mut read = OpeningHours::default();
    for (slot, (key, texts)) in read.week.iter_mut().zip(days) {
        *slot = intervals(texts).map_err(|message| ProfileError::Value {
            file: source.name.to_owned(),
            line: line_of_key(source, file.span().start, key),
            key: format!("hours.{key}"),
            message,
        })?;
    }
    for special in special {
        let wrong = |message| source.value(&special.date.span(), "hours.special", message);
        let day = day(special.date.get_ref()).map_err(wrong)?;
        // A day without intervals is one on which the institution is closed.
        let intervals = intervals(&special.intervals).map_err(wrong)?;
        if read.special.insert(day, intervals).is_some() {
            let message = format!("the day {day} is there twice");
            return Err(source.value(&file.span(), "hours.special", message));
        }
    }
    if read.week.iter().all(|day| day.spans().is_empty()) {
        let message = "the institution is open on one day of the week at least".to_owned();
        return Err(source.value(&file.span(), "hours", message));
    }
    Ok(read)
}

/// Acts and consents that services may name.
struct Library {
    acts: Vec<Act>,
    consents: Vec<ConsentDemand>,
}

impl Library {
    /// Those of the profile, then those of the shared file that the profile has not by the same name.
    fn read(sources: &Sources<'_>, file: &FileProfile, shared: &FileShared) -> Result<Self, ProfileError> {
        let mut library = Self {
            acts: Vec::new(),
            consents: Vec::new(),
        };
        let own = Some((sources.profile, &file.act, &file.consent));
        let shared = sources
            .shared
            .map(|source| (source, &shared.act, &shared.consent));
        for (source, acts, consents) in own.into_iter().chain(shared) {
            if let Some(name) = twice(acts.iter().map(|act| &act.id)) {
                let message = format!("the act {:?} is there twice", name.get_ref());
                return Err(source.value(&name.span(), "act.id", message));
            }
            if let Some(name) = twice(consents.iter().map(|consent| &consent.name)) {
                let message = format!("the consent {:?} is there twice", name.get_ref());
                return Err(source.value(&name.span(), "consent.name", message));
            }
            for act in acts {
                let act = read_act(source, act)?;
                if !library.acts.iter().any(|known| known.basis.id == act.basis.id) {
                    library.acts.push(act);
                }
            }
            for consent in consents {
                let consent = read_consent(source, consent)?;
                if !library.consents.iter().any(|known| known.text == consent.text) {
                    library.consents.push(consent);
                }
            }
        }
        Ok(library)
    }

    fn service(&self, source: Source<'_>, file: &FileService) -> Result<Service, ProfileError> {
        let id = source.name("service.id", &file.id)?;
        let at = |key: &str| format!("service {id:?}, {key}");
        let wrong = |span: &Range<usize>, key: &str, message| source.value(span, &at(key), message);
        let mut legal_basis = Vec::new();
        if let Some(name) = twice(&file.acts).or_else(|| twice(&file.consents)) {
            let message = format!("{:?} is named twice", name.get_ref());
            return Err(wrong(&name.span(), "acts and consents", message));
        }
        for name in &file.acts {
            let Some(act) = self.acts.iter().find(|act| act.basis.id == *name.get_ref()) else {
                let there: Vec<_> = self.acts.iter().map(|act| act.basis.id.as_str()).collect();
                let message = format!("{:?} is no act; there are: {}", name.get_ref(), there.join(", "));
                return Err(wrong(&name.span(), "acts", message));
            };
            legal_basis.push(act.basis.clone());
        }
        if legal_basis.is_empty() {
            let message = "names at least one act on which the service rests".to_owned();
            return Err(wrong(&file.id.span(), "acts", message));
        }
        let mut consents = Vec::new();
        for name in &file.consents {
            let Some(consent) = self
                .consents
                .iter()
                .find(|consent| consent.text == *name.get_ref())
            else {
                let there: Vec<_> = self
                    .consents
                    .iter()
                    .map(|consent| consent.text.as_str())
                    .collect();
                let message = format!(
                    "{:?} is no consent; there are: {}",
                    name.get_ref(),
                    there.join(", ")
                );
                return Err(wrong(&name.span(), "consents", message));
            };
            consents.push(consent.clone());
        }
        if let Some(name) = twice(file.field.iter().map(|field| &field.name)) {
            let message = format!("the field {:?} is there twice", name.get_ref());
            return Err(wrong(&name.span(), "field", message));
        }
        let mut fields: Vec<Field> = Vec::new();
        for field in &file.field {
            let field = read_field(source, &at("field"), field, &fields)?;
            fields.push(field);
        }
        let requirement = match &file.verification_when {
            None => Requirement::Always,
            Some(conditions) => {
                let read = |condition| condition_of(source, &at("verification_when"), condition, &fields);
                Requirement::When(conditions.iter().map(read).collect::<Result<_, _>>()?)
            }
        };
        let mut suspicions = Vec::new();
        for suspicion in &file.suspicion {
            suspicions.push(SuspicionRule {
                code: source.name(&at("suspicion.code"), &suspicion.code)?,
                when: condition_of(source, &at("suspicion.when"), &suspicion.when, &fields)?,
            });
        }
        let request = file
            .request
            .as_ref()
            .map(|request| read_request(source, &at("request"), request));
        let service = Service {
            id: ServiceId(id.clone()),
            title: source.texts(&at("title"), &file.title)?,
            summary: source.texts(&at("summary"), &file.summary)?,
            group: match file.group {
                FileGroup::Services => Group::Services,
                FileGroup::OwnData => Group::OwnData,
            },
            legal_basis,
            requirement,
            consents,
            fields,
            face: file.ways.contains(&FileWay::Face),
            palm: file.ways.contains(&FileWay::Palm),
            hosted_page: file.ways.contains(&FileWay::HostedPage),
            assisted: file.assisted.iter().map(assisted).collect(),
            enrols_palm: file.enrols_palm,
            request: request.transpose()?,
            asks_request_state: file.asks_request_state,
            suspicions,
        };
        match service.fault() {
            // EN 301 549, 5.3: whoever cannot be measured has another way, and so has whoever does not want to be.
            None if service.assisted.is_empty() != service.enrols_palm => {
                let allowed = match service.enrols_palm {
                    true => "nothing: no palm is enrolled by people",
                    false => "\"video\", \"image-based\", or both: a way without a measurement",
                };
                let message = format!("allowed is {allowed}");
                Err(source.value(&file.id.span(), "service.assisted", message))
            }
            None => Ok(service),
            Some(fault) => Err(ProfileError::Service {
                file: source.name.to_owned(),
                line: source.line(&file.id.span()),
                service: id,
                source: fault,
            }),
        }
    }
}

fn assisted(route: &FileAssisted) -> AssistedRoute {
    match route {
        FileAssisted::Video => AssistedRoute::Video,
        FileAssisted::ImageBased => AssistedRoute::ImageBased,
    }
}

fn read_act(source: Source<'_>, file: &FileAct) -> Result<Act, ProfileError> {
    let id = source.name("act.id", &file.id)?;
    let key = format!("act {id:?}, title");
    let title = source.texts(&key, &file.title)?;
    let all = [&title.kk, &title.ru, &title.en];
    if file.certainty.is_to_be_confirmed() && all.iter().any(|text| text.chars().any(char::is_numeric)) {
        let message = "an act that a lawyer has to confirm first is shown without numbers and dates; they stand in `note`";
        return Err(source.value(&file.id.span(), &key, message.to_owned()));
    }
    Ok(Act {
        basis: LegalBasis { id, title },
        certainty: file.certainty,
        note: file.note.trim().to_owned(),
    })
}

fn read_consent(source: Source<'_>, file: &FileConsent) -> Result<ConsentDemand, ProfileError> {
    let text = source.name("consent.name", &file.name)?;
    let key = |part: &str| format!("consent {text:?}, {part}");
    let wrong = |part: &str, message: String| source.value(&file.name.span(), &key(part), message);
    if file.version == 0 {
        return Err(wrong("version", "counts from 1".to_owned()));
    }
    if text == PALM_CONSENT.0 && file.version != PALM_CONSENT.1 {
        let message = format!(
            "the consent for the palm has version {} in this release",
            PALM_CONSENT.1
        );
        return Err(wrong("version", message));
    }
    let wording = match (&file.title, &file.body) {
        (None, None) => None,
        (Some(title), Some(body)) => Some(ConsentText {
            title: source.texts(&key("title"), title)?,
            body: source.texts(&key("body"), body)?,
        }),
        _ => {
            let message = "an own wording has both `title` and `body`; without both the kiosk's own is shown";
            return Err(wrong("title", message.to_owned()));
        }
    };
    Ok(ConsentDemand {
        version: file.version,
        refusal: match file.refusal {
            FileRefusal::Ends => Refusal::Ends,
            FileRefusal::Continues => Refusal::Continues,
            FileRefusal::Refers => Refusal::Refers,
        },
        wording,
        text,
    })
}

fn read_request(source: Source<'_>, key: &str, file: &FileRequest) -> Result<RequestDemand, ProfileError> {
    if let Some(name) = twice(file.kind.iter().map(|kind| &kind.name)) {
        let message = format!("the kind {:?} is there twice", name.get_ref());
        return Err(source.value(&name.span(), key, message));
    }
    let kinds = file.kind.iter().map(|kind| {
        if !(1..=WORKING_DAYS_MAX).contains(&kind.working_days) {
            let message = format!("working_days are 1 to {WORKING_DAYS_MAX}");
            return Err(source.value(&kind.name.span(), key, message));
        }
        Ok(RequestKind {
            name: source.name(key, &kind.name)?,
            working_days: kind.working_days,
        })
    });
    Ok(RequestDemand {
        by: file.by.clone(),
        kinds: kinds.collect::<Result<_, _>>()?,
    })
}

fn read_field(
    source: Source<'_>,
    service: &str,
    file: &FileField,
    before: &[Field],
) -> Result<Field, ProfileError> {
    let name = source.name(service, &file.name)?;
    let key = |part: &str| format!("{service} {name:?}, {part}");
    let wrong =
        |part: &str, message: &str| Err(source.value(&file.name.span(), &key(part), message.to_owned()));
    let counted = matches!(file.kind, FileFieldKind::Amount | FileFieldKind::Count);
    if counted != file.min.is_some() || counted != file.max.is_some() || file.min > file.max {
        return wrong(
            "min and max",
            "amounts and counts have `min` and `max`, the first not above the second; other kinds have none",
        );
    }
    let is_text = file.kind == FileFieldKind::Text;
    if is_text != file.max_chars.is_some() || file.max_chars == Some(0) {
        return wrong(
            "max_chars",
            "texts have `max_chars`, 1 to 65535; other kinds have none",
        );
    }
    if file.kind != FileFieldKind::Phone && file.call_back.is_some() {
        return wrong("call_back", "phones alone have `call_back`");
    }
    let is_choice = file.kind == FileFieldKind::Choice;
    if is_choice != (file.option.len() >= 2) || (!is_choice && !file.option.is_empty()) {
        return wrong(
            "option",
            "choices have two `option` or more; other kinds have none",
        );
    }
    if let Some(option) = twice(file.option.iter().map(|option| &option.name)) {
        let message = format!("the option {:?} is there twice", option.get_ref());
        return Err(source.value(&option.span(), &key("option"), message));
    }
    let min = file.min.unwrap_or_default();
    let max = file.max.unwrap_or_default();
    let kind = match file.kind {
        FileFieldKind::Amount => FieldKind::Amount {
            min_tenge: min,
            max_tenge: max,
        },
        FileFieldKind::Count => FieldKind::Count { min, max },
        FileFieldKind::Phone => FieldKind::Phone {
            call_back: file.call_back.unwrap_or(true),
        },
        FileFieldKind::Bin => FieldKind::Bin,
        FileFieldKind::CardNumber => FieldKind::CardNumber,
        FileFieldKind::Name => FieldKind::Name,
        FileFieldKind::Text => FieldKind::Text {
            max_chars: file.max_chars.unwrap_or_default(),
        },
        FileFieldKind::RequestNumber => FieldKind::RequestNumber,
        FileFieldKind::Choice => {
            let read = |option: &crate::file::FileOption| {
                Ok::<_, ProfileError>(ChoiceOption {
                    name: source.name(&key("option"), &option.name)?,
                    title: source.texts(&key("option"), &option.title)?,
                })
            };
            FieldKind::Choice(file.option.iter().map(read).collect::<Result<_, _>>()?)
        }
    };
    let when = file
        .when
        .as_ref()
        .map(|when| condition_of(source, &key("when"), when, before));
    let hint = file.hint.as_ref().map(|hint| source.texts(&key("hint"), hint));
    Ok(Field {
        kind,
        required: file.required,
        label: source.texts(&key("label"), &file.label)?,
        hint: hint.transpose()?.unwrap_or_default(),
        when: when.transpose()?,
        name,
    })
}

/// A condition on one of these fields, whose kind it suits.
fn condition_of(
    source: Source<'_>,
    key: &str,
    file: &FileCondition,
    fields: &[Field],
) -> Result<Condition, ProfileError> {
    let wrong = |message: String| Err(source.value(&file.field.span(), key, message));
    let test = match (file.above, file.at_least, &file.is) {
        (Some(bound), None, None) => Test::Above(bound),
        (None, Some(bound), None) => Test::AtLeast(bound),
        (None, None, Some(choice)) => Test::Is(choice.clone()),
        _ => return wrong("a condition has exactly one of `above`, `at_least` and `is`".to_owned()),
    };
    let Some(field) = fields.iter().find(|field| field.name == *file.field.get_ref()) else {
        let there: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
        let there = if there.is_empty() {
            "none".to_owned()
        } else {
            there.join(", ")
        };
        return wrong(format!(
            "there is no field {:?} before it is spoken of; there are: {there}",
            file.field.get_ref()
        ));
    };
    let fault = match (&field.kind, &test) {
        (FieldKind::Choice(options), Test::Is(choice)) => {
            let names: Vec<_> = options.iter().map(|option| option.name.as_str()).collect();
            (!names.contains(&choice.as_str()))
                .then(|| format!("{choice:?} cannot be chosen; there are: {}", names.join(", ")))
        }
        (
            FieldKind::Amount {
                min_tenge: min,
                max_tenge: max,
            }
            | FieldKind::Count { min, max },
            Test::Above(bound) | Test::AtLeast(bound),
        ) => {
            let last_without = match test {
                Test::Above(bound) => Some(bound),
                _ => bound.checked_sub(1),
            };
            last_without
                .is_none_or(|last| !(*min..*max).contains(&last))
                .then(|| format!("the bound {bound} must divide what can be entered, {min} to {max}"))
        }
        _ => Some("`above` and `at_least` go with amounts and counts, `is` with choices".to_owned()),
    };
    if let Some(fault) = fault {
        return wrong(fault);
    }
    Ok(Condition {
        field: field.name.clone(),
        test,
    })
}
