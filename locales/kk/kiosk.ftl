# Киоск экрандарының мәтіндері. Сөйлеу тәртібі: сыпайы, «сіз» түрі.

brand = Alaqan
language-name = Қазақша

## Жоғарғы жолақ
toolbar = Киоск баптаулары
language-choice = Тіл
calm = Жұмсақ түстер
contrast = Жоғары контраст
cancel = Сеансты аяқтау
back = Артқа
continue = Жалғастыру
step = { $number }-қадам, барлығы { $of }

## Пернелер
keypad = Цифрлар
key-delete = Өшіру
keyboard = Пернетақта
key-space = Бос орын
key-shift = Бас әріп
layout-kk = Қаз
layout-ru = Рус
layout-en = Lat

## Күн, ақша, беттер
amount = { $amount } ₸
date = { $year } ж. { $day } { $month ->
    [1] қаңтар
    [2] ақпан
    [3] наурыз
    [4] сәуір
    [5] мамыр
    [6] маусым
    [7] шілде
    [8] тамыз
    [9] қыркүйек
    [10] қазан
    [11] қараша
   *[12] желтоқсан
}
page = { $number }-бет, барлығы { $of }
page-previous = Алдыңғы бет
page-next = Келесі бет

## Хабарламалар және күй жолағы
notice-replay = Камераның орнына жазба көрсетіліп тұр: { $name }
notice-demo = Көрсетілім режимі
link-online = Байланыс бар
link-offline = Байланыс жоқ
attention = Қызметкерлер үшін: { $codes }
pending = { $count ->
    [0] Барлық құжат жіберілді
    [one] { $count } құжат жіберілуін күтуде
   *[other] { $count } құжат жіберілуін күтуде
}

## Ұзақ әрекетсіздік
idle-title = Сіз осындасыз ба?
idle-body = { $seconds ->
    [one] { $seconds } секундтан кейін сеанс жабылып, деректеріңіз экраннан өшіріледі.
   *[other] { $seconds } секундтан кейін сеанс жабылып, деректеріңіз экраннан өшіріледі.
}
stay-alive = Мен осындамын

## Қарсы алу
welcome-greeting = Сәлеметсіз бе!
welcome-intro = Бетіңіз немесе алақаныңыз арқылы жеке басыңызды растаңыз
welcome-iin = Сізге ЖСН қажет болады
welcome-begin = Бастау

## Қызмет
service-title = Қандай қызмет қажет?
own-data-title = Дербес деректерім
own-data-hint = Деректеріңіз туралы білу, оларды түзету немесе келісімді кері қайтарып алу
own-data-back = Қызметтерге

## Келісім
consent-number = { $number }-келісім, барлығы { $of }
consent-version = Мәтін нұсқасы: { $version }
consent-agree = Келісемін
consent-refuse = Бас тартамын
consent-refuse-continue = Жоқ, онсыз жалғастыру
consent-refuse-refer = Жоқ, шешімді адам қабылдасын
consent-refusal-title = Бас тартсаңыз не болады?
consent-refusal-body = Сеанс аяқталады және бұл киоск жеке басыңызды растамайды. Басқа тәсілдер туралы қызметкерден сұраңыз.
consent-refusal-continues = Сеанс жалғасады, бірақ осы келісімде айтылған әрекет жасалмайды.
consent-refusal-refers = Шешімді киоск емес, қызметкер қабылдайды. Киоск өтінішіңізді жазып, қызметкерге береді.
consent-refusal-palm = Тәсіл таңдауға қайта ораласыз, алақаныңыз сканерленбейді. Бетіңізді пайдалана аласыз немесе қызметкерге жүгінесіз.

## Қызметтің сұрағы
field-number = { $number }-сұрақ, барлығы { $of }
field-skip = Өткізіп жіберу
field-entered = Таңба саны: { $count } / { $of }
field-error-missing = Жауап қажет. Өрісті толтырыңыз.
field-error-shape = Жазылуы дұрыс емес. Тексеріп, түзетіңіз.
field-error-too-small = Тым аз. Ең азы – { $min }.
field-error-too-large = Тым көп. Ең көбі – { $max }.
field-error-too-long = { $max ->
    [one] Тым ұзын. { $max } таңбадан аспауы керек.
   *[other] Тым ұзын. { $max } таңбадан аспауы керек.
}
field-error-country = Бұл – басқа елдің нөмірі. Қазақстан нөмірін енгізіңіз.
field-error-not-mobile = Бұл ұялы телефон нөмірі емес. Ұялы телефон нөмірін енгізіңіз.
field-error-check-digit = Цифрлардың бірі қате. Нөмірді құжатпен салыстырыңыз.
field-error-letters = Аты-жөнде мұндай таңба болмайды. Тек әріп, сызықша және дәйекше қолданыңыз.

## ЖСН
claim-title = ЖСН-іңізді енгізіңіз
claim-hint = Жеке сәйкестендіру нөмірі – жеке куәлігіңіздегі 12 цифр
claim-entered = { $count ->
    [one] { $of } цифрдың { $count } цифры енгізілді
   *[other] { $of } цифрдың { $count } цифры енгізілді
}
claim-error-shape = ЖСН дәл 12 цифрдан тұрады. Нөмірді тексеріңіз.
claim-error-birth-date = Алғашқы 6 цифр – туған күн, бірақ ондай күн жоқ. Оларды тексеріңіз.
claim-error-century = 7-цифр дұрыс емес. Оны тексеріңіз.
claim-error-check-digit = Цифрлардың бірі қате. Нөмірді жеке куәлігіңізбен салыстырыңыз.
claim-error-implausible = Нөмірдегі туған күн дұрыс емес сияқты. Нөмірді жеке куәлігіңізбен салыстырыңыз.
claim-by-zone = Жеке куәлікті оқу
claim-by-iin = ЖСН енгізу
zone-title = Жеке куәліктің артқы жағындағы үш жол
zone-hint = Куәлікті сканерге тигізіңіз немесе артқы бетінің төменгі жағындағы үш жолды теріңіз. Бос орындар < белгісімен толтырылған.
zone-entered = { $line }-жол, барлығы { $lines }. Таңба саны: { $count } / { $of }
zone-delete-line = Жолды өшіру
claim-error-zone-shape = Бұл жеке куәліктің жолдарына ұқсамайды. Үш жолдың әрқайсысында 30 таңба бар.
claim-error-zone-check-digit = Бір таңба қате оқылған. Жолдарды куәлікпен салыстырыңыз немесе қайта сканерлеңіз.
claim-error-expired = Жеке куәліктің мерзімі өтіп кеткен. ЖСН енгізіңіз немесе қызметкерге жүгініңіз.
claim-error-no-iin = Бұл құжатта ЖСН жоқ. ЖСН-іңізді енгізіңіз.

## Қызметкер
operator-title = Қызметкерді шақырыңыз
operator-hint = Жалғастыру үшін қызметкер осында болып, өз кодын енгізуі керек
operator-entered = { $count ->
    [one] { $count } цифр енгізілді
   *[other] { $count } цифр енгізілді
}
operator-wrong = Код дұрыс емес. Қызметкерден оны қайта енгізуін сұраңыз.
operator-paused = { $minutes ->
    [one] Қате код тым көп енгізілді. Бұл кодты { $minutes } минуттан кейін қайта енгізуге болады. Басқа қызметкер өз кодын қазір енгізе алады.
   *[other] Қате код тым көп енгізілді. Бұл кодты { $minutes } минуттан кейін қайта енгізуге болады. Басқа қызметкер өз кодын қазір енгізе алады.
}

## Тәсіл
method-title = Жеке басты растау тәсілін таңдаңыз
method-face = Бет
method-face-hint = Камераға қарап, бірнеше қимыл жасайсыз
calm-hint = Жарық жыпылықтауына сезімтал адамдар үшін: түсіру кезінде экран түсі баяу әрі болар-болмас өзгереді
method-palm = Алақан
method-palm-hint = Алақаныңызды сканерге жақындатасыз
method-phone = Телефон
method-phone-hint = Жеке басыңызды өз телефоныңызда, орталықтың парақшасында растайсыз
method-video = Бейнеқоңырау
method-video-hint = Маман бейнебайланыс арқылы көмектеседі
method-images = Суреттер
method-images-hint = Бетіңіз бен құжатыңыздың суретін қызметкер тексереді
availability-ready = Қолжетімді
availability-device-unavailable = Құрылғы қазір жұмыс істемейді
availability-not-for-this-service = Бұл қызметте қолданылмайды
availability-not-enrolled = Алақаныңыз бұл киоскіде әлі тіркелмеген
availability-offline = Қазір байланыс жоқ

## Өз телефоныңызда
phone-title = Телефоныңызда жалғастырыңыз
phone-opening = Орталықтың парақшасын ашып жатырмыз
phone-qr = Орталық парақшасының QR-коды
phone-step-1 = Телефон камерасын QR-кодқа бағыттаңыз.
phone-step-2 = Ашылған сілтемеге өтіп, орталық парақшасындағы нұсқауларды орындаңыз.
phone-step-3 = Аяқтаған соң осы экранға қараңыз.
phone-waits = Нәтиже келгенде киоск өзі жалғастырады

## Кез келген түсіру
capture-attempt = { $attempt }-талпыныс, барлығы { $attempts }

## Бетті түсіру
face-title = Бетті түсіру
face-preview = Камерадағы бейнеңіз
face-actions = Орындалған қимыл: { $done } / { $of }
face-return = Содан кейін камераға қайта тура қараңыз
face-help = Қимылды жасай алмасаңыз, қызметкерді шақырыңыз
face-light = Экран түсі аз уақытқа өзгереді, тура қараңыз
prompt-show-face = Бетіңізді сопақшаға келтіріңіз
prompt-closer = Жақынырақ келіңіз
prompt-step-back = Сәл артқа шегініңіз
prompt-step-left = Сәл сол жағыңызға жылжыңыз
prompt-step-right = Сәл оң жағыңызға жылжыңыз
prompt-more-light = Жарығырақ жерге тұрыңыз
prompt-more-light-beside = Бетіңізге жарық аз түсіп тұр
prompt-less-light = Күшті жарықтан шетке тұрыңыз
prompt-less-light-beside = Бетіңізге тым көп немесе бір жақтан ғана жарық түсіп тұр
prompt-remove-mask = Бетпердеңізді шешіңіз
prompt-remove-mask-beside = Аузыңыз бен мұрныңыз көрініп тұруы керек
prompt-uncover-eyes = Көзіңіз көрініп тұрсын
prompt-uncover-eyes-beside = Қара көзілдірікті шешіңіз немесе көзге түскен шашты қайырыңыз
prompt-one-person-only = Камера алдында жалғыз тұрыңыз
prompt-one-person-only-beside = Басқалардан шеткерірек тұруды өтініңіз
prompt-look-straight = Камераға тура қараңыз
prompt-hold-still = Қозғалмай тұрыңыз
prompt-turn-left = Басыңызды солға бұрыңыз
prompt-turn-right = Басыңызды оңға бұрыңыз
prompt-look-up = Иегіңізді көтеріңіз
prompt-look-down = Иегіңізді түсіріңіз
prompt-blink = Көзіңізді жұмып, ашыңыз
prompt-open-mouth = Аузыңызды ашып, жабыңыз
prompt-smile = Күлімсіреңіз

## Алақанды түсіру
palm-title = Алақанды сканерлеу
palm-title-enrol = Алақанды тіркеу
palm-help = Қолыңызды осылай ұстау қиын болса, қызметкерді шақырыңыз
palm-help-enrol = Қай қолыңызды көрсеткеніңізді есте сақтаңыз: киоск дәл сол қолды таниды
hand-show-hand = Ашық алақаныңызды сканерге жақындатыңыз
hand-show-hand-beside = Сканерге тигізбей, бір қарыстай жерде ұстаңыз; саусақтарыңызды ашыңыз
hand-closer = Алақаныңызды жақындатыңыз
hand-closer-beside = Сканерге қарай, бірақ тигізбеңіз
hand-farther = Алақаныңызды сәл алыстатыңыз
hand-farther-beside = Сканерден әрірек
hand-higher = Алақаныңызды жоғарырақ жылжытыңыз
hand-higher-beside = Өзіңізден әрі, сканерге дейінгі қашықтықты өзгертпей
hand-lower = Алақаныңызды төменірек жылжытыңыз
hand-lower-beside = Өзіңізге қарай, сканерге дейінгі қашықтықты өзгертпей
hand-left = Алақаныңызды солға жылжытыңыз
hand-right = Алақаныңызды оңға жылжытыңыз
hand-sideways-beside = Сканерге дейінгі қашықтықты өзгертпей
hand-hold-still = Алақаныңызды қозғалтпаңыз
hand-hold-still-beside = Сканер өлшеп жатыр
hand-palm-only = Ашық алақаныңызды көрсетіңіз
hand-palm-only-beside = Сканер алдында басқа нәрсе тұр

## Кез келген құрылғының ақауы
trouble-choice = Күте тұруға немесе сеансты аяқтап, қызметкерге жүгінуге болады

## Камера ақауы
camera-trouble-missing = Камера қосылмаған
camera-trouble-missing-body = Киоск камераны таппай тұр. Бұл сізден болған жоқ.
camera-trouble-busy = Камера бос емес
camera-trouble-busy-body = Оны басқа бағдарлама пайдаланып жатыр. Бұл сізден болған жоқ.
camera-trouble-silent = Камера жауап бермей тұр
camera-trouble-silent-body = Киоск одан бейне күтіп тұр. Бұл сізден болған жоқ.
camera-trouble-black = Камера қара бейне беріп тұр
camera-trouble-black-body = Камераны бірдеңе жауып тұрған болар. Оның алдын босатыңыз.
camera-trouble-frozen = Камера бейнесі қозғалмай тұр
camera-trouble-frozen-body = Киоск камерадан жаңа бейне күтіп тұр. Бұл сізден болған жоқ.
camera-trouble-goes-on = Камера іске қосылған соң киоск өзі жалғастырады

## Алақан сканерінің ақауы
scanner-trouble-missing = Алақан сканері қосылмаған
scanner-trouble-missing-body = Киоск алақан сканерін таппай тұр. Бұл сізден болған жоқ.
scanner-trouble-busy = Алақан сканері бос емес
scanner-trouble-busy-body = Оны басқа бағдарлама пайдаланып жатыр. Бұл сізден болған жоқ.
scanner-trouble-silent = Алақан сканері жауап бермей тұр
scanner-trouble-silent-body = Киоск оның жауабын күтіп тұр. Бұл сізден болған жоқ.
scanner-trouble-goes-on = Сканер іске қосылған соң киоск өзі жалғастырады

## Сәтсіз талпыныс
attempt-failed-title = Бұл жолы болмады
attempt-failed-advice = Не істеу керек
reason-not-performed = Сұралған қимыл уақытында байқалмады
reason-not-performed-advice = Нұсқау шыққанда қимылды баяу әрі анық жасаңыз.
reason-wrong-action = Басқа қимыл байқалды
reason-wrong-action-advice = Тек экранда көрсетілген қимылды жасаңыз.
reason-face-lost = Бетіңіз кадрдан шығып кетті
reason-face-lost-advice = Түсіру аяқталғанша бетіңізді сопақшаның ішінде ұстаңыз.
reason-several-faces = Камера алдында бірнеше адам болды
reason-several-faces-advice = Басқа адамдардан шеткерірек тұруды өтініңіз.
reason-jump = Бейне кенет өзгерді немесе үзіліп қалды
reason-jump-advice = Орныңыздан жылжымай, баяу қимылдаңыз.
reason-another-person = Түсіруді бастаған адам емес, басқа біреу көрінді
reason-another-person-advice = Камера алдында басынан аяғына дейін сол бір адам тұруы керек.
reason-frozen = Камера бейнесі қозғалмай тұрып қалды
reason-frozen-advice = Бұл сізден болған жоқ. Қайталап көріңіз.
reason-not-bona-fide = Камера алдында тірі адам тұрғанын растай алмадық
reason-not-bona-fide-advice = Бетперде мен қара көзілдірікті шешіп, камераға тура қарап тұрыңыз.
reason-palm-not-recognised = Алақаныңыз танылмады
reason-palm-not-recognised-advice = Тіркелген қолыңызды жақындатып, ашық алақаныңызды қозғалтпай ұстаңыз.
reason-palm-not-bona-fide = Тірі қол екенін растай алмадық
reason-palm-not-bona-fide-advice = Қолғапсыз ашық алақаныңызды сканер алдында қозғалтпай ұстаңыз.
reason-not-a-palm = Сканер алақаннан басқа нәрсені көрді
reason-not-a-palm-advice = Сканерге тек ашық алақаныңызды, қолғапсыз жақындатыңыз.
reason-no-palm-shown = Алақаныңыз уақытында көрінбеді
reason-no-palm-shown-advice = Нұсқау шыққанда алақаныңызды сканерге жақындатыңыз.
reason-hand-too-cold = Қолыңыз сканер үшін тым суық
reason-hand-too-cold-advice = Алақаныңызды ысқылап жылытып, қайталап көріңіз.
reason-hand-too-warm = Қолыңыз сканер үшін тым ыстық
reason-hand-too-warm-advice = Қолыңыз салқындағанша сәл күтіп, қайталап көріңіз.
reason-palm-not-measured = Сканер қажеттінің бәрін өлшей алмады
reason-palm-not-measured-advice = Ашық алақаныңызды соңына дейін қозғалтпай ұстаңыз. Қолғап пен сақиналарыңызды шешіңіз.
reason-palm-not-enrolled = Алақаныңызды тіркеу мүмкін болмады
reason-palm-not-enrolled-advice = Ашық алақаныңызды қозғалтпай ұстаңыз. Қолыңыз құрғақ әрі ашық болсын.
reason-palm-already-enrolled = Бұл алақан осы киоскіде бұрыннан тіркелген
reason-palm-already-enrolled-advice = Екінші қолыңызды көрсете аласыз немесе сеансты аяқтай аласыз.
reason-face-used-up-title = Бетке берілген талпыныс таусылды
reason-face-used-up = Бетіңіз қазір тексерілген жоқ: талпыныстарыңыз бұрын таусылған
reason-palm-used-up-title = Алақанға берілген талпыныс таусылды
reason-palm-used-up = Алақаныңыз қазір тексерілген жоқ: талпыныстарыңыз бұрын таусылған
reason-palm-used-up-advice = Бетіңіз арқылы жалғастыра аласыз немесе сеансты аяқтай аласыз.
attempt-failed-palm-used-up = Алақанға берілген талпыныстарыңыз таусылды. Бетіңіз арқылы жалғастыра аласыз.
attempt-failed-left = { $left ->
    [one] { $left } талпыныс қалды
   *[other] { $left } талпыныс қалды
}
retry = Қайталап көру
continue-with-face = Бет арқылы жалғастыру

## Жұмыс барысы
progress-camera = Камераны қосып жатырмыз
progress-scanner = Алақан сканерін қосып жатырмыз
progress-recording = Құжатқа қол қойып, сақтап жатырмыз
progress-identifying = Орталықтың жауабын күтіп тұрмыз
progress-examining = Қызметкердің жауабын күтіп тұрмыз
progress-wait = Күте тұруыңызды сұраймыз

## Нәтиже
outcome-verified = Жеке басыңыз расталды
outcome-verified-body = Нәтиже ұйымға берілді. Рақмет!
outcome-not-verified = Жеке басыңыз расталмады
outcome-not-verified-body = Қызметкерге жүгініңіз. Нәтижемен келіспесеңіз, оған жазба нөмірін айтыңыз.
outcome-attack-suspected = Тірі адам екенін растай алмадық
outcome-attack-suspected-body = Қызметкерге жүгініңіз. Нәтижемен келіспесеңіз, оған жазба нөмірін айтыңыз.
outcome-failure-to-acquire = Жарамды бейне түсірілмеді
outcome-failure-to-acquire-body = Жеке басыңыз тексерілген жоқ. Қайтадан бастаңыз немесе қызметкерге жүгініңіз.
outcome-withdrawn = Сеанс өз қалауыңызбен аяқталды
outcome-withdrawn-body = Жеке басыңыз расталған жоқ. Кез келген уақытта қайта бастай аласыз.
outcome-timed-out = Сеанс уақыты бітті
outcome-timed-out-body = Деректеріңізді қорғау үшін сеанс жабылды. Қайтадан бастай аласыз.
outcome-device-unavailable = Құрылғы жұмыс істемей тұр
outcome-device-unavailable-body = Бұл сізден болған жоқ. Қызметкерге жүгініңіз.
outcome-awaiting-identification = Жазылды, бірақ әлі расталған жоқ
outcome-awaiting-identification-body = Деректеріңіз сақталды. Орталықтың жауабы кейінірек келеді: оны жазба нөмірі бойынша қызметкерден біліңіз.
outcome-awaiting-examiner = Суреттеріңіз жазылды, бірақ әлі қаралған жоқ
outcome-awaiting-examiner-body = Суреттерді қызметкер қарап, шешім қабылдайды. Жауап кейінірек келеді: оны жазба нөмірі бойынша қызметкерден біліңіз.
outcome-not-required = Өтінішіңіз қабылданды
outcome-not-required-body = Бұл үшін жеке басты растау қажет емес.
outcome-referred = Әрі қарай қызметкер қарайды
outcome-referred-body = Жеке басыңыз автоматты түрде расталған жоқ. Қызметкерге барып, жазба нөмірін айтыңыз.
outcome-call-back-requested = Сізге қоңырау шаламыз
outcome-call-back-requested-body = Өтінішіңіз жазылды. Қызметкер сіз көрсеткен нөмірге қоңырау шалып, бейнеқоңыраудың уақытын өзіңізбен келіседі. Жеке басыңыз әзірге расталған жоқ.
outcome-person-not-found = Орталықта мұндай адам табылмады
outcome-person-not-found-body = ЖСН-ді тексеріп, қайтадан бастаңыз. Нөмір дұрыс болса, қызметкерге жүгініңіз.
outcome-no-reference = Орталықта сізбен салыстыратын сурет жоқ
outcome-no-reference-body = Бұл сізден болған жоқ. Қызметкерге жүгініңіз: ол жеке басыңызды басқа жолмен растайды.
outcome-document-type-not-accepted = Орталық бұл құжат түрін қабылдамайды
outcome-document-type-not-accepted-body = Басқа құжатыңыз болса, сонымен қайта бастаңыз немесе қызметкерге жүгініңіз.
outcome-quality-insufficient = Сурет сапасы салыстыруға жетпеді
outcome-quality-insufficient-body = Қайтадан бастап, камераға жақын әрі жарық жерде тұрыңыз немесе қызметкерге жүгініңіз.
outcome-not-completed = Телефондағы растау аяқталмады
outcome-not-completed-body = Парақша жабылды немесе уақыты өтіп кетті. Қайтадан бастап, басқа тәсілді таңдай аласыз.
outcome-palm-awaits-confirmation = Алақаныңыз жазылды, бірақ әлі расталған жоқ
outcome-palm-awaits-confirmation-body = Орталық жеке басыңызды растаған соң, бұл киоскіде алақаныңызды пайдалана аласыз. Оның жауабын жазба нөмірі бойынша қызметкерден біліңіз.
outcome-palm-registered = Алақаныңыз тіркелді
outcome-palm-registered-body = Орталық жеке басыңызды растады. Енді бұл киоскіде алақаныңызды пайдалана аласыз.
outcome-record = Жазба нөмірі
outcome-record-qr = Жазба нөмірінің QR-коды
outcome-request = Өтініш нөмірі
outcome-request-due = Жауап беру мерзімі: { $date }
outcome-request-state = Өтінішіңіздің жай-күйі
request-state-received = Өтініш келіп түсті, оны қарау әлі басталған жоқ.
request-state-in-progress = Өтінішіңіз қаралып жатыр.
request-state-ready = Жауап дайын. Оны қызметкерден алыңыз.
request-state-answered = Өтінішке жауап берілді.
request-state-refused = Өтініш қабылданбады. Себебін қызметкерден біліңіз.
request-state-unknown = Сізде мұндай нөмірлі өтініш жоқ. Нөмірді тексеріңіз немесе қызметкерге жүгініңіз.
slip-print = Басып шығару
slip-again = Қайта басып шығару
slip-printing = Басып шығарып жатырмыз
slip-printed = Қағазыңызды алуды ұмытпаңыз
slip-failed = Басып шығару мүмкін болмады. Қайталап көріңіз немесе нөмірді жазып алыңыз.
slip-no-paper = Принтерде қағаз жоқ. Қызметкерге айтыңыз немесе нөмірді жазып алыңыз.
finish = Аяқтау

## Жұмыс уақытынан тыс
closed-title = Киоск қазір жабық
closed-body = Өтініштер мен құжаттар жұмыс уақытында қабылданады.
closed-opens = Ашылу уақыты: { $date }, { $time }

## Қызмет көрсету мүмкін емес
out-of-service-title = Киоск уақытша жұмыс істемейді
out-of-service-body = Кешірім сұраймыз. Қызметкерге жүгініңіз.
out-of-service-store = Қорғалған деректер қоймасы ашылмай тұр
out-of-service-internal = Бағдарлама ақаудан кейін қайта іске қосылуда
out-of-service-not-enrolled = Киоск әлі тіркелмеген
out-of-service-refused = Ұйым сервері бұл киоскіні қабылдамайды
out-of-service-certificate = Киоск сертификатының мерзімі өтіп кетті
out-of-service-pending = Жіберуді күтіп тұрған жазбалар тым көп
out-of-service-unsynced = Ұйым серверімен тым ұзақ уақыт байланыс жоқ
out-of-service-disk = Дискіде орын қалмады
out-of-service-clock = Сағат дұрыс уақытты көрсетпейді
out-of-service-integrity = Бағдарлама файлдары тексеруден өтпеді
out-of-service-set-aside = Жазбалардың бір бөлігі кейінге қалдырылды, техникалық маман керек
out-of-service-code = Техникалық маманға арналған код: { $code }

## Attract screen
attract-invitation = Бастау үшін экранды түртіңіз
