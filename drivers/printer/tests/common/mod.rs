//! Slips as a kiosk gives them.
// Each test program uses its part of this.
#![allow(dead_code, clippy::unwrap_used)]

use printer::{Slip, SlipLine};

/// Id of a document, as in a QR code.
pub const DOCUMENT: &str = "alaqan:document:0193a5e2-7c1b-7d44-9a3e-5f0c2b7d9e11";

fn slip(language: &str, texts: [&str; 2], lines: &[[&str; 2]], paragraphs: &[&str], footer: &str) -> Slip {
    Slip {
        language: language.to_owned(),
        institution: texts[0].to_owned(),
        title: texts[1].to_owned(),
        lines: lines
            .iter()
            .map(|[label, value]| SlipLine {
                label: (*label).to_owned(),
                value: (*value).to_owned(),
            })
            .collect(),
        paragraphs: paragraphs.iter().map(|text| (*text).to_owned()).collect(),
        qr: Some(DOCUMENT.to_owned()),
        footer: footer.to_owned(),
    }
}

pub fn kazakh() -> Slip {
    slip(
        "kk",
        ["«Алатау» банкі, №12 бөлімше", "Өтініштің түбіртегі"],
        &[
            ["Күні мен уақыты", "2026 ж. 22 қараша, 14:05"],
            ["Қызмет", "Шот ашу"],
            ["Қорытынды", "Қабылданды, сәйкестендірілуде"],
            ["Құжат нөмірі", "0193a5e2-7c1b-7d44-9a3e-5f0c2b7d9e11"],
        ],
        &[
            "Сіздің өтінішіңіз жазылды. Ұлттық орталықтың жауабы келгенше тұлғаңыз расталған болып саналмайды.",
            "Бұл түбіртекте биометриялық деректер жоқ. Һәм ғылым, әңгіме, ұйқы, үкі — әріптерді тексеру.",
        ],
        "Сұрақтар бойынша: +7 727 000-00-00",
    )
}

pub fn russian() -> Slip {
    slip(
        "ru",
        ["Банк «Алатау», отделение №12", "Квитанция о заявлении"],
        &[
            ["Дата и время", "22 ноября 2026 г., 14:05"],
            ["Услуга", "Открытие счёта"],
            ["Итог", "Принято, идёт идентификация"],
            ["Номер документа", "0193a5e2-7c1b-7d44-9a3e-5f0c2b7d9e11"],
        ],
        &[
            "Ваше заявление записано. До ответа национального центра личность не считается подтверждённой.",
            "В этой квитанции нет биометрических данных.",
        ],
        "Вопросы: +7 727 000-00-00",
    )
}

pub fn english() -> Slip {
    slip(
        "en",
        ["Alatau Bank, branch 12", "Receipt of a request"],
        &[
            ["Date and time", "22 November 2026, 14:05"],
            ["Service", "Opening of an account"],
            ["Outcome", "Recorded, awaiting identification"],
            ["Document", "0193a5e2-7c1b-7d44-9a3e-5f0c2b7d9e11"],
        ],
        &[
            "Your request is recorded. Until the national centre has answered, your identity is not confirmed.",
            "This slip holds no biometric data.",
        ],
        "Questions: +7 727 000-00-00",
    )
}

/// All three.
pub fn slips() -> [Slip; 3] {
    [kazakh(), russian(), english()]
}

/// What a telephone would read in a picture of dots.
pub fn read_qr(width: usize, height: usize, is_black: impl Fn(usize, usize) -> bool) -> Vec<String> {
    let mut picture = rqrr::PreparedImage::prepare_from_bitmap(width, height, is_black);
    let grids = picture.detect_grids();
    grids
        .iter()
        .filter_map(|grid| grid.decode().ok())
        .map(|(_, text)| text)
        .collect()
}
