# Страницы проверяющих на шлюзе: сотрудников организации, которые смотрят снимки.

review-title = Проверка снимков
review-skip = Перейти к содержанию
review-language = Язык
review-you-are = Проверяющий { $name }
review-logout = Выйти

review-login-title = Вход
review-number = Ваш номер
review-secret = Ваш пароль
review-login = Войти
review-login-wrong = Номер или пароль указан неверно.
review-login-locked = Пароль слишком много раз был указан неверно. Подождите, пожалуйста, четверть часа или обратитесь к администратору.
review-login-too-often = С этого компьютера слишком много попыток. Подождите, пожалуйста, минуту.

review-fault-title = Это сделать нельзя
review-fault-unknown = Такой записи нет.
review-fault-held-by-other = С этой записью работает другой проверяющий.
review-fault-not-held = Запись не у вас, или отведённое на неё время вышло. Возьмите её, пожалуйста, ещё раз.
review-fault-ended = Решение уже принято.
review-fault-own-session = В этом сеансе вы были оператором. Решение должен принять другой проверяющий.
review-fault-no-picture = Такого снимка нет.
review-fault-nothing-to-compare = Без обоих снимков принять нельзя.
review-fault-unavailable = Сейчас это не работает. Ничего не изменено. Попробуйте, пожалуйста, ещё раз.
review-fault-form = Форма устарела. Ничего не изменено. Откройте, пожалуйста, страницу ещё раз.
review-to-queue = К очереди

review-queue-title = Очередь
review-kind = Что требуется
review-kind-all = Все
review-kind-images = Сличение снимков
review-kind-call-back = Перезвонить
review-service = Услуга
review-kiosk = Киоск
review-waits = Время ожидания
review-state = Состояние
review-action = Действие
review-state-waiting = свободна
review-state-yours = у вас
review-state-taken = у проверяющего { $name }
review-calls-in-vain = { $n ->
    [one] { $n } звонок без ответа
    [few] { $n } звонка без ответа
    [many] { $n } звонков без ответа
   *[other] { $n } звонка без ответа
}
review-open = Продолжить
review-take = Взять
review-empty = Записей в очереди нет.
review-more = Следующая страница

review-done-accepted = Принято. Ответ отправляется на киоск.
review-done-refused = Отказано. Ответ отправляется на киоск.
review-done-called = Отмечено: клиенту дозвонились.
review-done-not-reached = Отмечено: дозвониться не удалось. Запись снова свободна.
review-done-released = Запись снова свободна.

review-images-title = Сличение снимков
review-call-back-title = Звонок клиенту
review-yours-until = Запись у вас до { $time }.
review-idle = Если ничего не делать, сеанс завершится; время ожидания – { $time }.
review-release = Вернуть без решения
review-pictures = Снимки
review-picture-portrait = Лицо клиента
review-picture-front = Документ, лицевая сторона
review-picture-back = Документ, оборотная сторона

review-facts = Сведения
review-iin = ИИН
review-born = Дата рождения
review-years = { $n ->
    [one] { $n } год
    [few] { $n } года
    [many] { $n } лет
   *[other] { $n } года
}
review-document-kind = Вид документа
review-document-number = Номер документа
review-document-name = Имя в документе
review-document-expires = Действителен до
review-captured = Снято
review-came = Получено
review-spoke = Язык сеанса
review-why = Почему этот способ
review-why-chosen = выбор клиента
review-why-cannot-perform = клиент не может выполнить то, что просят устройства
review-operator = Присутствовал оператор
review-suspicions = Замечено киоском
review-document-id = Запись
review-look-alike = буквы другого алфавита

review-decision = Решение
review-decision-final = Решение окончательно, клиенту сообщит о нём киоск.
review-compared = Сличение лица с документом и документа с ИИН выполнено.
review-accept = Принять
review-reason = Почему вы отказываете?
review-refuse = Отказать
review-wrong-compared = Подтвердите, пожалуйста, что сличение снимков выполнено.
review-wrong-reason = Выберите, пожалуйста, причину.

review-call = Звонок
review-no-number = В документе нет номера для звонка.
review-called = Дозвонились
review-not-reached = Не удалось дозвониться

review-minutes = { $n ->
    [one] { $n } минута
    [few] { $n } минуты
    [many] { $n } минут
   *[other] { $n } минуты
}
review-hours = { $n ->
    [one] { $n } час
    [few] { $n } часа
    [many] { $n } часов
   *[other] { $n } часа
}
review-days = { $n ->
    [one] { $n } день
    [few] { $n } дня
    [many] { $n } дней
   *[other] { $n } дня
}
