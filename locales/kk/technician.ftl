# Киоскіге қызмет көрсететін адамдарға арналған экрандар: код енгізу, бөлімшеге арналған күй, техникалық маманның экраны.

## Код енгізу
staff-title = Қызметкерлерге арналған кіру
staff-hint = Өз кодыңызды енгізіңіз
staff-entered = { $count ->
    [one] { $count } сан енгізілді
   *[other] { $count } сан енгізілді
}
staff-wrong = Код дұрыс емес.
staff-locked = Қате код тым көп енгізілді. Келесі кодты енгізуге дейін { $seconds } с қалды.
staff-leave = Шығу

## Киоск күйі
status-title = Киоск күйі
status-serves = Киоск жұмыс істеп тұр
status-closed = Киоск қызмет көрсетпейді. Код: { $code }
status-todo = Не істеу керек
status-all-well = Ештеңе істеудің қажеті жоқ.
status-parts = Киоск бөліктері
status-testing = Тексеру жүріп жатыр…
figures-title = Көрсеткіштер
figure-kiosk = Киоск
figure-version = Нұсқасы
figure-profile = Бейіні
figure-uptime = Жұмыс уақыты
figure-pending = Жіберуді күтуде
figure-set-aside = Бөлек қойылған
figure-call-backs = Қоңырау күтеді, барлық киоскіде
figure-heard = Ұйыммен соңғы байланыс
figure-disk = Дискідегі бос орын
figure-certificate = Сертификаттың қалған мерзімі
figure-clock = Сағат айырмасы
figure-unknown = белгісіз
figure-time = { $hours } сағ { $minutes } мин
figure-ago = { $hours } сағ { $minutes } мин бұрын
figure-gib = { $gib } ГБ
figure-days = { $days ->
    [one] { $days } күн
   *[other] { $days } күн
}
figure-seconds = { $seconds } с
figure-persons = { $count ->
    [one] { $count } адам
   *[other] { $count } адам
}

## Бөліктер
part-store = Деректер қоймасы
part-keys = Кілттер
part-certificate = Сертификат
part-gateway = Ұйыммен байланыс
part-camera = Камера
part-face-models = Бет модельдері
part-palm-scanner = Алақан сканері
part-thermometer = Термометр
part-printer = Принтер
part-sound = Дыбыс
part-disk = Диск
part-clock = Сағат
part-integrity = Бағдарлама файлдары
part-display = Экран
state-unknown = Тексерілмеді
state-works = Жұмыс істейді
state-not-fitted = Орнатылмаған
state-attention = Назар аудару керек
state-fails = Жұмыс істемейді

## Не болды және не істеу керек
why-not-found = Табылмады
why-not-found-advice = Құрылғының қосылғанын тексеріңіз. Қосулы болса, техникалық маманды шақырыңыз.
why-no-permission = Рұқсат жоқ
why-no-permission-advice = Техникалық маманды шақырыңыз: бағдарламаның құрылғыға рұқсаты жоқ.
why-busy = Басқа бағдарлама пайдаланып тұр
why-busy-advice = Техникалық маманды шақырыңыз: құрылғыны басқа бағдарлама пайдаланып тұр.
why-silent = Жауап бермейді
why-silent-advice = Құрылғыны өшіріп, қайта қосыңыз. Көмектеспесе, техникалық маманды шақырыңыз.
why-unexpected = Қате жауап береді
why-unexpected-advice = Құрылғыны өшіріп, қайта қосыңыз. Көмектеспесе, техникалық маманды шақырыңыз.
why-unplugged = Ажыратылған
why-unplugged-advice = Кабельді қайта жалғаңыз.
why-black = Кескін қап-қара
why-black-advice = Камераның жабылып қалмағанын және жарықтың жеткілікті екенін тексеріңіз.
why-frozen = Кескін қозғалмайды
why-frozen-advice = Камераны ажыратып, қайта жалғаңыз.
why-format = Кескін пішімі басқа
why-format-advice = Техникалық маманды шақырыңыз: камера бапталған кескінді бермейді.
why-another-device = Басқа құрылғы жалғанған
why-another-device-advice = Бапталған құрылғыны жалғаңыз немесе техникалық маман осы құрылғыны таңдасын.
why-virtual = Бұл нақты камера емес
why-virtual-advice = Техникалық маманды шақырыңыз: виртуалды камера пайдаланылмайды.
why-unfit = Ережелерге сай емес
why-unfit-advice = Техникалық маманды шақырыңыз: сканер ережелер талап ететіннің бәрін өлшемейді.
why-no-paper = Қағаз жоқ
why-no-paper-advice = Жаңа қағаз орамын салыңыз.
why-offline = Қазір байланыс жоқ
why-offline-advice = Желі кабелін тексеріңіз. Жазбалар сақталған, кейін жіберіледі.
why-unsynced = Байланыс тым ұзақ болмады
why-unsynced-advice = Желіні тексеріп, ұйымның қолдау қызметіне хабарлаңыз.
why-refused = Ұйым киоскіні қабылдамайды
why-refused-advice = Ұйымның қолдау қызметіне хабарлаңыз: сервер бұл киоскіні қабылдамайды.
why-not-enrolled = Тіркелмеген
why-not-enrolled-advice = Техникалық маманды шақырыңыз: киоскіні тіркеу керек.
why-expires = Мерзімі бітіп барады немесе бітті
why-expires-advice = Байланыс болсын: киоск сертификатты өзі ұзартады. Мерзімі бітсе, техникалық маманды шақырыңыз.
why-short = Орын аз қалды
why-short-advice = Техникалық маманды шақырыңыз: дискіде орын босату керек.
why-pending = Күтіп тұрған жазба тым көп
why-pending-advice = Желіні тексеріңіз. Техникалық маман жазбаларды тасығышқа көшіріп ала алады.
why-set-aside = Кейбір жазба бөлек қойылған
why-set-aside-advice = Техникалық маманды шақырыңыз: бөлек қойылған жазбаларды тексеру керек.
why-wrong = Дұрыс емес
why-wrong-advice = Техникалық маманды шақырыңыз.
why-incomplete = Толық емес
why-incomplete-advice = Техникалық маманды шақырыңыз: құрамдас бөлігі жетіспейді.

## Техникалық маманның экраны
desk-title = Киоскіге қызмет көрсету
desk-pages = Беттер
desk-overview = Шолу
desk-camera = Камера
desk-scanner = Алақан сканері
desk-sound = Дыбыс
desk-actions = Әрекеттер
desk-test-again = Қайта тексеру
desk-cameras = Камералар
desk-scanners = Сканерлер
desk-nothing-found = Ештеңе табылмады.
desk-used = Пайдаланылуда
desk-try = Тексеру
desk-choose = Таңдау
desk-as-installed = Орнатқандағыдай
desk-try-hand = Алақанды көрсету
desk-trial-nothing = Кескінді көру үшін «Тексеру» түймесін басыңыз. Ештеңе жазылмайды.
desk-trial-hand = «Алақанды көрсету» түймесін басып, алақаныңызды сканерге жақындатыңыз. Ештеңе жазылмайды.
desk-trial-opening = Ашылып жатыр…
desk-trial-failed = Пайдалануға болмайды: { $why }
desk-picture = Камера кескіні
desk-print = Сынақ парағын басып шығару
desk-print-none = Принтер жоқ.
desk-export = Күтіп тұрған жазбаларды тасығышқа көшіру
desk-export-none = Тасығыш бапталмаған.
desk-close = Қызмет көрсету үшін жабу
desk-open = Киоскіні қайта ашу
desk-restart = Киоскіні қайта іске қосу
desk-said-printing = Басып шығарылуда…
desk-said-printed = Сынақ парағы басып шығарылды.
desk-said-not-printed = Сынақ парағы басып шығарылмады.
desk-said-exported = { $count ->
    [one] Тасығышта { $count } жазба бар, оны тек ұйым аша алады. Жазба киоскіде де сақталады.
   *[other] Тасығышта { $count } жазба бар, оларды тек ұйым аша алады. Жазбалар киоскіде де сақталады.
}
desk-said-not-exported = Ештеңе көшірілмеді. Бірде-бір жазба жоғалған жоқ.
desk-said-chosen = Құрылғы таңдалды, енді сол пайдаланылады.
desk-said-not-chosen = Бұл құрылғыны осы жерде таңдауға болмайды.
desk-said-as-installed = Конфигурациядағы құрылғы қайта пайдаланылуда.

## Техникалық маман үстеліндегі дыбыс
sound-device = Дыбыс құрылғысы
sound-headset = Құлаққап
sound-plugged = Қосылған
sound-unplugged = Қосылмаған
sound-volume = Дыбыс деңгейі
sound-step = { $step }, барлығы { $of }
sound-pack = Жинақтағы сөйлемдер
sound-none = Жоқ
sound-unusable = Пайдалануға болмайды
sound-engine = Сөйлеу синтезаторы
sound-languages = Тілдер
sound-found = Жазылған сөйлемдер: { $wanted } ішінен { $found }
sound-older = Жинақ бұрынғы мәтіндерден жасалған. Оны қайта жасаңыз.
sound-speaks = Сандар мен аттар синтезделеді
sound-speaks-not = Сандар мен аттарды синтездеу мүмкін емес
sound-play = Ойнату
sound-phrase = Бұл – дыбысты тексеру. Сан: { $number }
sound-not-set-up = Бұл киоскіде сөйлеу бапталмаған.
sound-trial-nothing = Сөйлем мен санды тыңдау үшін «Ойнату» түймесін басыңыз. Ештеңе жазылмайды.
sound-trial-playing = Ойнатылуда…
sound-trial-pack = Жинақтан ойнатылды.
sound-trial-engine = Бәрін синтезатор айтты: сөйлем жинақта жоқ.
sound-trial-both = Ойнатылды: сөйлем – жинақтан, сан – синтезатордан.
sound-trial-missing = Бір бөлігін айту мүмкін болмады.
sound-trial-unheard = Дыбыс құрылғысы жоқ: ештеңе естілген жоқ.

## «Жұмыс істемейді» экранының кодтары
out-of-service-devices = Камера да, алақан сканері де жұмыс істемейді
out-of-service-maintenance = Киоск қызмет көрсету үшін жабылған
