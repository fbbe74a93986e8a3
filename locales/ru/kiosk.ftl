# Тексты экранов киоска. Обращение вежливое, на «вы».

brand = Alaqan
language-name = Русский

## Верхняя полоса
toolbar = Настройки киоска
language-choice = Язык
calm = Спокойные цвета
contrast = Высокий контраст
cancel = Завершить сеанс
back = Назад
continue = Продолжить
step = Шаг { $number } из { $of }

## Клавиши
keypad = Цифры
key-delete = Стереть
keyboard = Клавиатура
key-space = Пробел
key-shift = Заглавная буква
layout-kk = Қаз
layout-ru = Рус
layout-en = Lat

## День, деньги, страницы
amount = { $amount } ₸
date = { $day } { $month ->
    [1] января
    [2] февраля
    [3] марта
    [4] апреля
    [5] мая
    [6] июня
    [7] июля
    [8] августа
    [9] сентября
    [10] октября
    [11] ноября
   *[12] декабря
} { $year } г.
page = Страница { $number } из { $of }
page-previous = Предыдущая страница
page-next = Следующая страница

## Уведомления и строка состояния
notice-replay = Вместо камеры идёт запись: { $name }
notice-demo = Демонстрационный режим
link-online = Связь есть
link-offline = Связи нет
attention = Для сотрудников: { $codes }
pending = { $count ->
    [0] Все документы отправлены
    [one] { $count } документ ожидает отправки
    [few] { $count } документа ожидают отправки
    [many] { $count } документов ожидают отправки
   *[other] { $count } документа ожидают отправки
}

## Долгое бездействие
idle-title = Вы ещё здесь?
idle-body = { $seconds ->
    [one] Через { $seconds } секунду сеанс закроется, а ваши данные исчезнут с экрана.
    [few] Через { $seconds } секунды сеанс закроется, а ваши данные исчезнут с экрана.
    [many] Через { $seconds } секунд сеанс закроется, а ваши данные исчезнут с экрана.
   *[other] Через { $seconds } секунды сеанс закроется, а ваши данные исчезнут с экрана.
}
stay-alive = Я здесь

## Приветствие
welcome-greeting = Здравствуйте!
welcome-intro = Подтвердите свою личность по лицу или ладони
welcome-iin = Вам понадобится ИИН
welcome-begin = Начать

## Услуга
service-title = Какая услуга вам нужна?
own-data-title = Мои персональные данные
own-data-hint = Узнать о своих данных, исправить их или отозвать согласие
own-data-back = К услугам

## Согласие
consent-number = Согласие { $number } из { $of }
consent-version = Версия текста: { $version }
consent-agree = Даю согласие
consent-refuse = Отказываюсь
consent-refuse-continue = Нет, продолжить без этого
consent-refuse-refer = Нет, пусть решит человек
consent-refusal-title = Что будет, если отказаться?
consent-refusal-body = Сеанс завершится, и этот киоск не подтвердит вашу личность. О других способах спросите сотрудника.
consent-refusal-continues = Сеанс продолжится, но действие, на которое вы не дали согласия, выполнено не будет.
consent-refusal-refers = Решение примет не киоск, а сотрудник. Киоск запишет ваше обращение и передаст его сотруднику.
consent-refusal-palm = Вы вернётесь к выбору, ладонь сканироваться не будет. Вы можете использовать лицо или обратиться к сотруднику.

## Вопрос услуги
field-number = Вопрос { $number } из { $of }
field-skip = Пропустить
field-entered = Знаков: { $count } из { $of }
field-error-missing = Нужен ответ. Заполните поле.
field-error-shape = Написано неверно. Проверьте и исправьте.
field-error-too-small = Слишком мало. Наименьшее значение – { $min }.
field-error-too-large = Слишком много. Наибольшее значение – { $max }.
field-error-too-long = { $max ->
    [one] Слишком длинно. Не больше { $max } знака.
    [few] Слишком длинно. Не больше { $max } знаков.
    [many] Слишком длинно. Не больше { $max } знаков.
   *[other] Слишком длинно. Не больше { $max } знака.
}
field-error-country = Это номер другой страны. Введите номер Казахстана.
field-error-not-mobile = Это не номер мобильного телефона. Введите мобильный номер.
field-error-check-digit = Одна из цифр неверна. Сверьте номер с документом.
field-error-letters = Таких знаков в имени не бывает. Используйте буквы, дефис и апостроф.

## ИИН
claim-title = Введите ваш ИИН
claim-hint = Индивидуальный идентификационный номер – 12 цифр в удостоверении личности
claim-entered = { $count ->
    [one] Введена { $count } цифра из { $of }
    [few] Введены { $count } цифры из { $of }
    [many] Введено { $count } цифр из { $of }
   *[other] Введено { $count } цифры из { $of }
}
claim-error-shape = ИИН состоит ровно из 12 цифр. Проверьте номер.
claim-error-birth-date = Первые 6 цифр – дата рождения, но такой даты нет. Проверьте их.
claim-error-century = Неверна 7-я цифра. Проверьте её.
claim-error-check-digit = Одна из цифр неверна. Сверьте номер с удостоверением личности.
claim-error-implausible = Дата рождения в номере не похожа на верную. Сверьте номер с удостоверением личности.
claim-by-zone = Считать удостоверение личности
claim-by-iin = Ввести ИИН
zone-title = Три строки на обороте удостоверения
zone-hint = Поднесите удостоверение к сканеру или наберите три строки внизу его оборотной стороны. Пустые места в них заполнены знаком <.
zone-entered = Строка { $line } из { $lines }. Знаков: { $count } из { $of }
zone-delete-line = Стереть строку
claim-error-zone-shape = Это не похоже на строки удостоверения личности. В каждой из трёх строк 30 знаков.
claim-error-zone-check-digit = Один из знаков прочитан неверно. Сверьте строки с удостоверением или считайте его снова.
claim-error-expired = Срок действия удостоверения истёк. Введите ИИН или обратитесь к сотруднику.
claim-error-no-iin = В этом документе нет ИИН. Введите ваш ИИН.

## Сотрудник
operator-title = Позовите сотрудника
operator-hint = Чтобы продолжить, нужен сотрудник: он подойдёт и введёт свой код
operator-entered = { $count ->
    [one] Введена { $count } цифра
    [few] Введены { $count } цифры
    [many] Введено { $count } цифр
   *[other] Введено { $count } цифры
}
operator-wrong = Код неверен. Попросите сотрудника ввести его снова.
operator-paused = { $minutes ->
    [one] Слишком много неверных кодов. Этот код можно будет ввести снова через { $minutes } минуту. Другой сотрудник может ввести свой код сразу.
    [few] Слишком много неверных кодов. Этот код можно будет ввести снова через { $minutes } минуты. Другой сотрудник может ввести свой код сразу.
    [many] Слишком много неверных кодов. Этот код можно будет ввести снова через { $minutes } минут. Другой сотрудник может ввести свой код сразу.
   *[other] Слишком много неверных кодов. Этот код можно будет ввести снова через { $minutes } минуты. Другой сотрудник может ввести свой код сразу.
}

## Способ
method-title = Выберите, как подтвердить личность
method-face = Лицо
method-face-hint = Вы посмотрите в камеру и сделаете несколько движений
calm-hint = Для тех, кто чувствителен к вспышкам: цвета экрана при съёмке меняются медленно и слабо
method-palm = Ладонь
method-palm-hint = Вы поднесёте ладонь к сканеру
method-phone = Телефон
method-phone-hint = Вы подтвердите личность на своём телефоне, на странице центра
method-video = Видеозвонок
method-video-hint = Специалист поможет вам по видеосвязи
method-images = Снимки
method-images-hint = Снимки лица и документа проверит сотрудник
availability-ready = Доступно
availability-device-unavailable = Устройство сейчас не работает
availability-not-for-this-service = Не подходит для этой услуги
availability-not-enrolled = Ваша ладонь ещё не зарегистрирована на этом киоске
availability-offline = Сейчас нет связи

## На своём телефоне
phone-title = Продолжите на своём телефоне
phone-opening = Открываем страницу центра
phone-qr = QR-код страницы центра
phone-step-1 = Наведите камеру телефона на QR-код.
phone-step-2 = Перейдите по ссылке и следуйте указаниям на странице центра.
phone-step-3 = Когда закончите, посмотрите на этот экран.
phone-waits = Когда придёт результат, киоск продолжит сам

## Любая съёмка
capture-attempt = Попытка { $attempt } из { $attempts }

## Съёмка лица
face-title = Съёмка лица
face-preview = Ваше изображение с камеры
face-actions = Выполнено движений: { $done } из { $of }
face-return = Затем снова посмотрите прямо в камеру
face-help = Если не можете выполнить движение, позовите сотрудника
face-light = Экран ненадолго меняет цвет, смотрите прямо
prompt-show-face = Поместите лицо в овал
prompt-closer = Подойдите ближе
prompt-step-back = Отойдите немного назад
prompt-step-left = Встаньте немного левее
prompt-step-right = Встаньте немного правее
prompt-more-light = Встаньте там, где светлее
prompt-more-light-beside = На лицо падает мало света
prompt-less-light = Отойдите от яркого света
prompt-less-light-beside = Света на лице слишком много, или он падает с одной стороны
prompt-remove-mask = Снимите маску
prompt-remove-mask-beside = Рот и нос должны быть видны
prompt-uncover-eyes = Пусть камера видит ваши глаза
prompt-uncover-eyes-beside = Снимите тёмные очки или уберите волосы с глаз
prompt-one-person-only = Перед камерой должен быть один человек
prompt-one-person-only-beside = Попросите других людей отойти в сторону
prompt-look-straight = Посмотрите прямо в камеру
prompt-hold-still = Не двигайтесь
prompt-turn-left = Поверните голову налево
prompt-turn-right = Поверните голову направо
prompt-look-up = Поднимите подбородок
prompt-look-down = Опустите подбородок
prompt-blink = Закройте и откройте глаза
prompt-open-mouth = Откройте и закройте рот
prompt-smile = Улыбнитесь

## Съёмка ладони
palm-title = Сканирование ладони
palm-title-enrol = Регистрация ладони
palm-help = Если вам трудно так держать руку, позовите сотрудника
palm-help-enrol = Запомните, какую руку вы поднесли: киоск будет узнавать именно её
hand-show-hand = Поднесите раскрытую ладонь к сканеру
hand-show-hand-beside = Не касаясь сканера, на расстоянии ладони; пальцы раздвиньте
hand-closer = Поднесите ладонь ближе
hand-closer-beside = К сканеру, но не касайтесь его
hand-farther = Отведите ладонь немного дальше
hand-farther-beside = От сканера
hand-higher = Сдвиньте ладонь выше
hand-higher-beside = От себя, на том же расстоянии от сканера
hand-lower = Сдвиньте ладонь ниже
hand-lower-beside = К себе, на том же расстоянии от сканера
hand-left = Сдвиньте ладонь влево
hand-right = Сдвиньте ладонь вправо
hand-sideways-beside = На том же расстоянии от сканера
hand-hold-still = Держите ладонь неподвижно
hand-hold-still-beside = Сканер измеряет
hand-palm-only = Покажите раскрытую ладонь
hand-palm-only-beside = Перед сканером что-то другое

## Неполадка любого устройства
trouble-choice = Вы можете подождать или завершить сеанс и обратиться к сотруднику

## Неполадка камеры
camera-trouble-missing = Камера не подключена
camera-trouble-missing-body = Киоск не находит камеру. Это произошло не по вашей вине.
camera-trouble-busy = Камера занята
camera-trouble-busy-body = Её использует другая программа. Это произошло не по вашей вине.
camera-trouble-silent = Камера не отвечает
camera-trouble-silent-body = Киоск ждёт от неё изображение. Это произошло не по вашей вине.
camera-trouble-black = Камера даёт чёрное изображение
camera-trouble-black-body = Возможно, её что-то закрывает. Пожалуйста, уберите это.
camera-trouble-frozen = Изображение с камеры застыло
camera-trouble-frozen-body = Киоск ждёт от камеры новое изображение. Это произошло не по вашей вине.
camera-trouble-goes-on = Как только камера заработает, киоск продолжит сам

## Неполадка сканера ладони
scanner-trouble-missing = Сканер ладони не подключён
scanner-trouble-missing-body = Киоск не находит сканер ладони. Это произошло не по вашей вине.
scanner-trouble-busy = Сканер ладони занят
scanner-trouble-busy-body = Его использует другая программа. Это произошло не по вашей вине.
scanner-trouble-silent = Сканер ладони не отвечает
scanner-trouble-silent-body = Киоск ждёт его ответа. Это произошло не по вашей вине.
scanner-trouble-goes-on = Как только сканер заработает, киоск продолжит сам

## Неудачная попытка
attempt-failed-title = В этот раз не получилось
attempt-failed-advice = Что сделать
reason-not-performed = Нужное движение не было замечено вовремя
reason-not-performed-advice = Когда появится подсказка, выполните движение медленно и чётко.
reason-wrong-action = Замечено другое движение
reason-wrong-action-advice = Выполняйте только то движение, которое показано на экране.
reason-face-lost = Лицо вышло из кадра
reason-face-lost-advice = Держите лицо внутри овала до конца съёмки.
reason-several-faces = Перед камерой было несколько человек
reason-several-faces-advice = Попросите других людей отойти в сторону.
reason-jump = Изображение резко изменилось или прервалось
reason-jump-advice = Оставайтесь на месте и двигайтесь медленно.
reason-another-person = В кадре оказался не тот человек, который начал съёмку
reason-another-person-advice = От начала до конца перед камерой должен быть один и тот же человек.
reason-frozen = Изображение с камеры застыло
reason-frozen-advice = Это произошло не по вашей вине. Попробуйте ещё раз.
reason-not-bona-fide = Не удалось подтвердить, что перед камерой живой человек
reason-not-bona-fide-advice = Снимите маску и тёмные очки и смотрите прямо в камеру.
reason-palm-not-recognised = Ладонь не распознана
reason-palm-not-recognised-advice = Поднесите ту руку, которую вы регистрировали, и держите раскрытую ладонь неподвижно.
reason-palm-not-bona-fide = Не удалось подтвердить, что это живая рука
reason-palm-not-bona-fide-advice = Держите раскрытую ладонь без перчатки неподвижно перед сканером.
reason-not-a-palm = Перед сканером была не ладонь
reason-not-a-palm-advice = Поднесите к сканеру только раскрытую ладонь, без перчатки.
reason-no-palm-shown = Ладонь не появилась вовремя
reason-no-palm-shown-advice = Поднесите ладонь к сканеру, когда появится подсказка.
reason-hand-too-cold = Рука слишком холодная для сканера
reason-hand-too-cold-advice = Согрейте руки, например потрите ладони, и попробуйте снова.
reason-hand-too-warm = Рука слишком тёплая для сканера
reason-hand-too-warm-advice = Немного подождите, пока рука остынет, и попробуйте снова.
reason-palm-not-measured = Сканер не смог измерить всё, что нужно
reason-palm-not-measured-advice = Держите раскрытую ладонь неподвижно до конца. Снимите перчатки и кольца.
reason-palm-not-enrolled = Не удалось зарегистрировать ладонь
reason-palm-not-enrolled-advice = Держите раскрытую ладонь неподвижно. Рука должна быть сухой и ничем не закрытой.
reason-palm-already-enrolled = Эта ладонь уже зарегистрирована в этом киоске
reason-palm-already-enrolled-advice = Вы можете поднести другую руку или завершить сеанс.
reason-face-used-up-title = Попыток с лицом не осталось
reason-face-used-up = Сейчас лицо не проверялось: попытки закончились раньше
reason-palm-used-up-title = Попыток с ладонью не осталось
reason-palm-used-up = Сейчас ладонь не проверялась: попытки закончились раньше
reason-palm-used-up-advice = Вы можете продолжить по лицу или завершить сеанс.
attempt-failed-palm-used-up = Попытки с ладонью закончились. Вы можете продолжить по лицу.
attempt-failed-left = { $left ->
    [one] Осталась { $left } попытка
    [few] Осталось { $left } попытки
    [many] Осталось { $left } попыток
   *[other] Осталось { $left } попытки
}
retry = Попробовать ещё раз
continue-with-face = Продолжить по лицу

## Ход работы
progress-camera = Включаем камеру
progress-scanner = Включаем сканер ладони
progress-recording = Подписываем и сохраняем документ
progress-identifying = Ждём ответ центра
progress-examining = Ждём ответ сотрудника
progress-wait = Пожалуйста, подождите

## Итог
outcome-verified = Ваша личность подтверждена
outcome-verified-body = Результат передан организации. Спасибо!
outcome-not-verified = Ваша личность не подтверждена
outcome-not-verified-body = Обратитесь к сотруднику. Если вы не согласны с результатом, назовите ему номер записи.
outcome-attack-suspected = Не удалось подтвердить, что это живой человек
outcome-attack-suspected-body = Обратитесь к сотруднику. Если вы не согласны с результатом, назовите ему номер записи.
outcome-failure-to-acquire = Не удалось получить пригодный снимок
outcome-failure-to-acquire-body = Ваша личность не проверялась. Начните заново или обратитесь к сотруднику.
outcome-withdrawn = Сеанс завершён по вашему желанию
outcome-withdrawn-body = Ваша личность не подтверждена. Вы можете начать заново в любое время.
outcome-timed-out = Время сеанса истекло
outcome-timed-out-body = Сеанс закрыт, чтобы защитить ваши данные. Вы можете начать заново.
outcome-device-unavailable = Устройство не работает
outcome-device-unavailable-body = Это произошло не по вашей вине. Обратитесь к сотруднику.
outcome-awaiting-identification = Записано, но ещё не подтверждено
outcome-awaiting-identification-body = Ваши данные сохранены. Ответ центра придёт позже: узнайте его у сотрудника по номеру записи.
outcome-awaiting-examiner = Снимки записаны, но ещё не проверены
outcome-awaiting-examiner-body = Снимки посмотрит сотрудник и примет решение. Ответ придёт позже: узнайте его у сотрудника по номеру записи.
outcome-not-required = Ваше обращение принято
outcome-not-required-body = Подтверждать личность для этого не нужно.
outcome-referred = Дальше вам поможет сотрудник
outcome-referred-body = Ваша личность не подтверждена автоматически. Подойдите к сотруднику и назовите номер записи.
outcome-call-back-requested = Мы вам перезвоним
outcome-call-back-requested-body = Ваша просьба записана. Сотрудник позвонит по указанному вами номеру и договорится о времени видеозвонка. Ваша личность пока не подтверждена.
outcome-person-not-found = Центр не нашёл такого человека
outcome-person-not-found-body = Проверьте ИИН и начните заново. Если номер верен, обратитесь к сотруднику.
outcome-no-reference = У центра нет вашего снимка для сличения
outcome-no-reference-body = Это произошло не по вашей вине. Обратитесь к сотруднику: он подтвердит вашу личность другим способом.
outcome-document-type-not-accepted = Центр не принимает этот вид документа
outcome-document-type-not-accepted-body = Если у вас есть другой документ, начните с ним заново или обратитесь к сотруднику.
outcome-quality-insufficient = Качества снимка не хватило для сличения
outcome-quality-insufficient-body = Начните заново и встаньте ближе к камере, где светлее, или обратитесь к сотруднику.
outcome-not-completed = Подтверждение на телефоне не завершено
outcome-not-completed-body = Страница закрыта, или её время вышло. Вы можете начать заново и выбрать другой способ.
outcome-palm-awaits-confirmation = Ладонь записана, но ещё не подтверждена
outcome-palm-awaits-confirmation-body = Использовать ладонь на этом киоске можно будет, когда центр подтвердит вашу личность. Узнайте его ответ у сотрудника по номеру записи.
outcome-palm-registered = Ваша ладонь зарегистрирована
outcome-palm-registered-body = Центр подтвердил вашу личность. Теперь на этом киоске вы можете использовать ладонь.
outcome-record = Номер записи
outcome-record-qr = QR-код номера записи
outcome-request = Номер обращения
outcome-request-due = Ответ до { $date }
outcome-request-state = Ваше обращение
request-state-received = Обращение поступило, его рассмотрение ещё не началось.
request-state-in-progress = Ваше обращение рассматривается.
request-state-ready = Ответ готов. Получите его у сотрудника.
request-state-answered = На обращение дан ответ.
request-state-refused = В обращении отказано. Причину узнайте у сотрудника.
request-state-unknown = У вас нет обращения с таким номером. Проверьте номер или обратитесь к сотруднику.
slip-print = Напечатать
slip-again = Напечатать ещё раз
slip-printing = Печатаем
slip-printed = Не забудьте взять распечатку
slip-failed = Напечатать не удалось. Попробуйте снова или запишите номер.
slip-no-paper = В принтере нет бумаги. Скажите об этом сотруднику или запишите номер.
finish = Готово

## Вне часов работы
closed-title = Киоск сейчас закрыт
closed-body = Обращения и документы принимаются в часы работы.
closed-opens = Откроется { $date } в { $time }

## Киоск не работает
out-of-service-title = Киоск временно не работает
out-of-service-body = Приносим извинения. Обратитесь к сотруднику.
out-of-service-store = Защищённое хранилище данных не открывается
out-of-service-internal = Программа перезапускается после сбоя
out-of-service-not-enrolled = Киоск ещё не зарегистрирован
out-of-service-refused = Сервер организации не принимает этот киоск
out-of-service-certificate = Срок действия сертификата киоска истёк
out-of-service-pending = Слишком много записей ожидает отправки
out-of-service-unsynced = Слишком долго нет связи с сервером организации
out-of-service-disk = На диске не осталось места
out-of-service-clock = Часы показывают неверное время
out-of-service-integrity = Файлы программы не прошли проверку
out-of-service-set-aside = Часть записей отложена, нужен технический специалист
out-of-service-code = Код для технического специалиста: { $code }

## Attract screen
attract-invitation = Коснитесь экрана, чтобы начать
