# Экраны для тех, кто обслуживает киоск: ввод кода, состояние для отделения, рабочее место технического специалиста.

## Ввод кода
staff-title = Вход для сотрудников
staff-hint = Введите свой код
staff-entered = { $count ->
    [one] Введена { $count } цифра
    [few] Введено { $count } цифры
    [many] Введено { $count } цифр
   *[other] Введено { $count } цифры
}
staff-wrong = Код неверен.
staff-locked = Слишком много неверных кодов. Следующий можно ввести через { $seconds } с.
staff-leave = Выйти

## Состояние киоска
status-title = Состояние киоска
status-serves = Киоск работает
status-closed = Киоск не обслуживает. Код: { $code }
status-todo = Что сделать
status-all-well = Делать ничего не нужно.
status-parts = Части киоска
status-testing = Идёт проверка…
figures-title = Показатели
figure-kiosk = Киоск
figure-version = Версия
figure-profile = Профиль
figure-uptime = Работает
figure-pending = Ожидает отправки
figure-set-aside = Отложено
figure-call-backs = Ждут звонка, во всех киосках
figure-heard = Последняя связь с организацией
figure-disk = Свободно на диске
figure-certificate = Сертификат действует ещё
figure-clock = Расхождение часов
figure-unknown = неизвестно
figure-time = { $hours } ч { $minutes } мин
figure-ago = { $hours } ч { $minutes } мин назад
figure-gib = { $gib } ГБ
figure-days = { $days ->
    [one] { $days } день
    [few] { $days } дня
    [many] { $days } дней
   *[other] { $days } дня
}
figure-seconds = { $seconds } с
figure-persons = { $count ->
    [one] { $count } человек
    [few] { $count } человека
    [many] { $count } человек
   *[other] { $count } человека
}

## Части
part-store = Хранилище данных
part-keys = Ключи
part-certificate = Сертификат
part-gateway = Связь с организацией
part-camera = Камера
part-face-models = Модели лица
part-palm-scanner = Сканер ладони
part-thermometer = Термометр
part-printer = Принтер
part-sound = Звук
part-disk = Диск
part-clock = Часы
part-integrity = Файлы программы
part-display = Экран
state-unknown = Не проверено
state-works = Работает
state-not-fitted = Не установлено
state-attention = Требует внимания
state-fails = Не работает

## Что не так и что сделать
why-not-found = Не найдено
why-not-found-advice = Проверьте, подключено ли устройство. Если подключено, позовите технического специалиста.
why-no-permission = Нет доступа
why-no-permission-advice = Позовите технического специалиста: у программы нет доступа к устройству.
why-busy = Занято другой программой
why-busy-advice = Позовите технического специалиста: устройство занято другой программой.
why-silent = Не отвечает
why-silent-advice = Выключите устройство и включите снова. Если не поможет, позовите технического специалиста.
why-unexpected = Отвечает неверно
why-unexpected-advice = Выключите устройство и включите снова. Если не поможет, позовите технического специалиста.
why-unplugged = Отключено
why-unplugged-advice = Подключите кабель снова.
why-black = Чёрное изображение
why-black-advice = Проверьте, не закрыта ли камера и достаточно ли света.
why-frozen = Изображение застыло
why-frozen-advice = Отключите камеру и подключите снова.
why-format = Неверный формат изображения
why-format-advice = Позовите технического специалиста: камера даёт не то изображение, которое настроено.
why-another-device = Подключено другое устройство
why-another-device-advice = Подключите настроенное устройство, или пусть технический специалист выберет это.
why-virtual = Это не настоящая камера
why-virtual-advice = Позовите технического специалиста: виртуальные камеры не используются.
why-unfit = Не соответствует правилам
why-unfit-advice = Позовите технического специалиста: сканер измеряет не всё, что требуют правила.
why-no-paper = Нет бумаги
why-no-paper-advice = Вставьте новый рулон бумаги.
why-offline = Сейчас нет связи
why-offline-advice = Проверьте сетевой кабель. Записи сохранены и будут отправлены позже.
why-unsynced = Слишком долго нет связи
why-unsynced-advice = Проверьте сеть и сообщите в службу поддержки организации.
why-refused = Организация не принимает киоск
why-refused-advice = Сообщите в службу поддержки организации: её сервер не принимает этот киоск.
why-not-enrolled = Не зарегистрирован
why-not-enrolled-advice = Позовите технического специалиста: киоск нужно зарегистрировать.
why-expires = Срок истекает или истёк
why-expires-advice = Обеспечьте связь: киоск продлит сертификат сам. Если срок истёк, позовите технического специалиста.
why-short = Мало места
why-short-advice = Позовите технического специалиста: нужно освободить место на диске.
why-pending = Ожидает слишком много записей
why-pending-advice = Проверьте сеть. Технический специалист может забрать записи на носителе.
why-set-aside = Часть записей отложена
why-set-aside-advice = Позовите технического специалиста: отложенные записи нужно проверить.
why-wrong = Неверно
why-wrong-advice = Позовите технического специалиста.
why-incomplete = Не полностью
why-incomplete-advice = Позовите технического специалиста: не хватает составной части.

## Рабочее место технического специалиста
desk-title = Обслуживание киоска
desk-pages = Страницы
desk-overview = Обзор
desk-camera = Камера
desk-scanner = Сканер ладони
desk-sound = Звук
desk-actions = Действия
desk-test-again = Проверить снова
desk-cameras = Камеры
desk-scanners = Сканеры
desk-nothing-found = Ничего не найдено.
desk-used = Используется
desk-try = Проверить
desk-choose = Выбрать
desk-as-installed = Как при установке
desk-try-hand = Показать ладонь
desk-trial-nothing = Нажмите «Проверить», чтобы увидеть изображение. Ничего не записывается.
desk-trial-hand = Нажмите «Показать ладонь» и поднесите ладонь к сканеру. Ничего не записывается.
desk-trial-opening = Открывается…
desk-trial-failed = Использовать нельзя: { $why }
desk-picture = Изображение камеры
desk-print = Напечатать пробную страницу
desk-print-none = Принтера нет.
desk-export = Записать ожидающие записи на носитель
desk-export-none = Носитель не настроен.
desk-close = Закрыть на обслуживание
desk-open = Снова открыть киоск
desk-restart = Перезапустить киоск
desk-said-printing = Печатается…
desk-said-printed = Пробная страница напечатана.
desk-said-not-printed = Пробная страница не напечатана.
desk-said-exported = { $count ->
    [one] На носителе { $count } запись, открыть её может только организация. В киоске она тоже остаётся.
    [few] На носителе { $count } записи, открыть их может только организация. В киоске они тоже остаются.
    [many] На носителе { $count } записей, открыть их может только организация. В киоске они тоже остаются.
   *[other] На носителе { $count } записи, открыть их может только организация. В киоске они тоже остаются.
}
desk-said-not-exported = Ничего не записано. Ни одна запись не потеряна.
desk-said-chosen = Устройство выбрано и используется.
desk-said-not-chosen = Это устройство здесь выбрать нельзя.
desk-said-as-installed = Снова используется устройство из конфигурации.

## Звук на рабочем месте
sound-device = Звуковое устройство
sound-headset = Наушники
sound-plugged = Подключены
sound-unplugged = Не подключены
sound-volume = Громкость
sound-step = { $step } из { $of }
sound-pack = Фраз в пакете
sound-none = Нет
sound-unusable = Использовать нельзя
sound-engine = Синтезатор речи
sound-languages = Языки
sound-found = Записано фраз: { $found } из { $wanted }
sound-older = Пакет сделан по прежним текстам. Соберите его заново.
sound-speaks = Числа и имена синтезируются
sound-speaks-not = Числа и имена синтезировать нельзя
sound-play = Воспроизвести
sound-phrase = Это проверка звука. Число: { $number }
sound-not-set-up = Речь в этом киоске не настроена.
sound-trial-nothing = Нажмите «Воспроизвести», чтобы услышать фразу и число. Ничего не записывается.
sound-trial-playing = Воспроизводится…
sound-trial-pack = Воспроизведено из пакета.
sound-trial-engine = Всё воспроизвёл синтезатор: фразы нет в пакете.
sound-trial-both = Воспроизведено: фраза из пакета, число синтезатором.
sound-trial-missing = Часть произнести не удалось.
sound-trial-unheard = Звукового устройства нет: ничего не прозвучало.

## Коды экрана «не работает»
out-of-service-devices = Не работают ни камера, ни сканер ладони
out-of-service-maintenance = Киоск закрыт на обслуживание
